import { PHASES, type Snapshot } from "../../device/api.ts";
import { format, messages } from "../i18n.ts";

/** The seven stages side by side: those done, the one under way and how far, those to come. */
export function RoundStages({ snapshot }: { snapshot: Snapshot }) {
  const { round: text, phase: names, phaseHint: hints } = messages.value;
  const { phase, phaseProgress, timeLeft, batch } = snapshot;
  const at = phase === null ? -1 : PHASES.indexOf(phase);
  const percent = format.value.roughPercent(phaseProgress);
  const moving = snapshot.status === "training" || snapshot.status === "alone";
  return (
    <section class="panel round" aria-labelledby="round-heading">
      <div class="panel-head">
        <h2 id="round-heading">{phase === null ? text.waiting : text.heading(snapshot.round)}</h2>
        {phase !== null && timeLeft !== null && moving && <p class="meta">{timeLeft < 1_000 ? text.soon : text.left(format.value.duration(timeLeft))}</p>}
      </div>
      <div
        role="progressbar"
        aria-label={text.stages}
        aria-valuemin={0}
        aria-valuemax={PHASES.length}
        aria-valuenow={Math.max(0, at) + (at < 0 ? 0 : Math.round(phaseProgress * 100) / 100)}
        aria-valuetext={phase === null ? text.waiting : text.progress(names[phase], percent)}
      >
        <ol class="stages" aria-hidden="true">
          {PHASES.map((name, index) => (
            <li key={name} class={index < at ? "done" : index === at ? "now" : "later"}>
              <span class="stage-bar">
                <span class="stage-fill" style={{ inlineSize: `${index < at ? 100 : index === at ? 100 * phaseProgress : 0}%` }} />
              </span>
              <span class="stage-name">{names[name]}</span>
            </li>
          ))}
        </ol>
      </div>
      <p class="meta round-detail">
        {phase === null ? " " : `${names[phase]}: ${hints[phase]}`}
        {phase === "train" && batch !== null && (
          <span class="numbers">
            {text.step(batch.step, batch.steps)} · {text.speed(format.value.whole(batch.samplesPerSecond))}
          </span>
        )}
      </p>
    </section>
  );
}
