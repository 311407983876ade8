import type { Snapshot } from "../../device/api.ts";
import { format, messages } from "../i18n.ts";
import type { Session } from "../session.ts";
import { CareLine } from "./care-line.tsx";
import { TaskLine } from "./task-card.tsx";

/** The device's state in words. */
export function statusText(snapshot: Snapshot): string {
  const text = messages.value.status;
  if (snapshot.breakpointReached) return text.breakpoint;
  if (snapshot.status === "paused" && snapshot.care.hold !== null) return text.held[snapshot.care.hold];
  if (snapshot.status !== "training") return text[snapshot.status];
  const others = snapshot.view.filter((id) => id !== snapshot.self).length;
  return others === 0 ? text.trainingNobody : text.training(others);
}

function Controls({ session, snapshot }: { session: Session; snapshot: Snapshot }) {
  const text = messages.value.status;
  const busy = session.pending.value !== null;
  const paused = snapshot.status === "paused";
  return (
    <div class="actions">
      {snapshot.status !== "failed" && (
        <button type="button" class="button" aria-disabled={busy} onClick={() => busy || void (paused ? session.resume() : session.pause())}>
          <span class={`glyph ${paused ? "glyph-play" : "glyph-pause"}`} aria-hidden="true" />
          {!paused ? text.pause : snapshot.care.hold === null ? text.resume : text.goOn}
        </button>
      )}
      <button type="button" class="button" aria-disabled={busy} onClick={() => busy || void session.leave()}>
        {text.leave}
      </button>
    </div>
  );
}

/** Who this device is with, how well the model does, and the way out. */
export function StatusBar({ session, snapshot }: { session: Session; snapshot: Snapshot }) {
  const text = messages.value;
  const scored = snapshot.rounds.findLast((round) => round.accuracy !== null);
  return (
    <section class="status" data-status={snapshot.status} aria-labelledby="status-heading">
      <div class="status-words">
        <h1 id="status-heading">
          <span class="dot" aria-hidden="true" />
          {statusText(snapshot)}
        </h1>
        <TaskLine session={session} />
        <p class="meta" data-signal={snapshot.signal}>
          {text.status.signal[snapshot.signal]}
        </p>
        {snapshot.turnDown && (
          <p class="meta" data-turn="down">
            {text.status.turnDown}
          </p>
        )}
        {snapshot.slow && (
          <p class="meta" data-link="slow">
            {text.status.slow}
          </p>
        )}
        <CareLine care={snapshot.care} />
      </div>
      {scored && (
        <p class="score">
          <span class="score-number">{format.value.percent(scored.accuracy ?? 0)}</span>
          <span class="meta">
            {text.curves.accuracy}, {text.curves.round} {format.value.whole(scored.round)}
          </span>
        </p>
      )}
      <Controls session={session} snapshot={snapshot} />
    </section>
  );
}
