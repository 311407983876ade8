import { format, messages } from "../../i18n.ts";
import type { TaskMaking } from "../../task-making.ts";
import { TablePreview } from "../data/table-preview.tsx";
import { Panel } from "../panel.tsx";

function Sample({ making }: { making: TaskMaking }) {
  const text = messages.value.tasksPage.preview;
  const survey = making.survey.value;
  const excerpt = making.excerpt.value;
  if (survey !== null) return <TablePreview survey={survey.table} listed={false} />;
  if (excerpt === null) return null;
  return (
    <>
      <h3>{text.sample}</h3>
      <pre class="excerpt">{excerpt}</pre>
    </>
  );
}

function Summary({ making }: { making: TaskMaking }) {
  const text = messages.value.tasksPage.preview;
  const summary = making.check.value?.summary ?? null;
  if (summary === null) return <p class="empty">{text.waiting}</p>;
  return (
    <>
      <h3>{text.layers}</h3>
      <p>
        <strong>{messages.value.task.parameters(summary.parameters)}</strong>, {text.memory(format.value.bytes(summary.memory))}
      </p>
      {summary.layers.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={text.layers}>
          <table>
            <thead>
              <tr>
                <th scope="col">{text.layer}</th>
                <th scope="col">{text.output}</th>
                <th scope="col" class="number">
                  {text.parameters}
                </th>
              </tr>
            </thead>
            <tbody>
              {summary.layers.map(({ name, shape, parameters, frozen }, index) => (
                <tr key={index}>
                  <th scope="row">
                    {name} {frozen && <span class="meta">{text.frozen}</span>}
                  </th>
                  <td>{shape.join(" × ")}</td>
                  <td class="number">{format.value.whole(parameters)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Trial({ making }: { making: TaskMaking }) {
  const text = messages.value.tasksPage.preview;
  const { set } = making.draft.value;
  const trial = making.trial.value;
  const running = trial !== null && trial.result === null && trial.failed === null;
  const able = set !== null && (making.check.value?.task ?? null) !== null;
  const joules = (value: number): string => text.joules(format.value.one(value));
  const result = trial?.result ?? null;
  return (
    <>
      <div class="actions">
        {running ? (
          <button type="button" class="button" onClick={() => making.stop()}>
            {text.stop}
          </button>
        ) : (
          <button type="button" class="button" aria-disabled={!able} onClick={() => able && void making.try()}>
            {text.trial}
          </button>
        )}
        {trial?.step && (
          <progress max={trial.step.steps} value={trial.step.step} aria-label={text.trying(trial.step.step, trial.step.steps)} />
        )}
      </div>
      <p class="hint" role="status">
        {set === null ? text.noData : result === null ? text.trialHint : ""}
      </p>
      {trial?.failed && (
        <p class="hint wrong" role="alert">
          {text.failed} <span lang="en">{trial.failed}</span>
        </p>
      )}
      {result !== null && (
        <dl class="facts" data-trial={result.steps}>
          {[
            [text.time, `${result.epochMilliseconds < 1_000 ? format.value.milliseconds(result.epochMilliseconds) : format.value.duration(result.epochMilliseconds)}, ${text.samples(result.samples)}`],
            [text.loss, text.lossFromTo(format.value.loss(result.firstLoss), format.value.loss(result.lastLoss))],
            [text.engine, messages.value.given.backends[result.backend]],
            [text.energy, text.energyText(joules(result.joules.phone), joules(result.joules.laptop))],
          ].map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

/** What the draft makes: a look at the data, the model, and a trial on this device. */
export function PreviewPanel({ making }: { making: TaskMaking }) {
  return (
    <Panel id="preview" heading={messages.value.tasksPage.preview.heading}>
      <Sample making={making} />
      <Summary making={making} />
      <Trial making={making} />
    </Panel>
  );
}
