import { format, messages } from "../i18n.ts";
import type { Session } from "../session.ts";
import { DataChoicePanel } from "./data-choice.tsx";
import { PrivacyNote } from "./privacy-note.tsx";

function Resume({ session, blocked }: { session: Session; blocked: boolean }) {
  const text = messages.value.resume;
  const kept = session.snapshot.value?.resumable ?? null;
  if (kept === null) return null;
  return (
    <div class="resume">
      <p>
        <strong>{text.heading}.</strong> {text.kept(kept.round)}
        {kept.accuracy !== null && text.accuracy(format.value.percent(kept.accuracy))}.
      </p>
      <div class="actions">
        <button type="button" class="button primary large" aria-disabled={blocked} onClick={() => blocked || void session.join()}>
          {text.on(kept.round)}
        </button>
        <button type="button" class="button" aria-disabled={blocked} aria-describedby="anew-hint" onClick={() => blocked || void session.joinAnew()}>
          {text.anew}
        </button>
      </div>
      <p class="hint" id="anew-hint">
        {text.anewHint}
      </p>
    </div>
  );
}

/** A single update can tell of the data behind it: nobody shows one who was not asked. */
function Agreement({ session }: { session: Session }) {
  const oneOf = session.asks.value;
  if (oneOf === null) return null;
  return (
    <label class="option">
      <input type="checkbox" checked={session.agreed.value} onChange={(event) => (session.agreed.value = event.currentTarget.checked)} />
      <span>{messages.value.hero.agree(oneOf)}</span>
    </label>
  );
}

/** The first screen: what this is, what stays here, and one button. */
export function JoinCard({ session }: { session: Session }) {
  const text = messages.value.hero;
  const choice = session.choice.value;
  const joining = session.pending.value === "join";
  const needsData = session.snapshot.value?.task.data.source === "own" && choice.kind !== "own" && choice.kind !== "given";
  const unasked = session.asks.value !== null && !session.agreed.value;
  const blocked = joining || unasked || session.room === null || needsData || (choice.kind === "labels" && choice.labels.length === 0);
  const returning = (session.snapshot.value?.resumable ?? null) !== null;
  return (
    <section class="hero" aria-labelledby="hero-heading">
      <h1 id="hero-heading">{text.heading}</h1>
      <div class="hero-main">
        <p class="lead">{text.lead}</p>
        <p class="stays">{text.stays}</p>
        <Agreement session={session} />
        {returning ? (
          <Resume session={session} blocked={blocked} />
        ) : (
          <>
            <button type="button" class="button primary large" aria-disabled={blocked} onClick={() => blocked || void session.join()}>
              {joining ? text.joining : text.join}
            </button>
            {choice.kind === "even" && (session.snapshot.value?.task.data.source ?? "digits") === "digits" && (session.snapshot.value?.task.audits?.steps ?? null) === null && <p class="hint">{text.quick}</p>}
          </>
        )}
        <DataChoicePanel session={session} />
      </div>
      <PrivacyNote session={session} />
    </section>
  );
}
