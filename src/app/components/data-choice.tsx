import { useSignal } from "@preact/signals";
import type { Choice } from "../choice.ts";
import { messages } from "../i18n.ts";
import type { Session } from "../session.ts";
import { PageLink } from "./page-link.tsx";

const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

function Option(props: { choice: Choice; current: Choice; name: string; hint: string; onPick: (choice: Choice) => void }) {
  return (
    <label class="option">
      <input type="radio" name="data" checked={props.current.kind === props.choice.kind} onChange={() => props.onPick(props.choice)} />
      <span>
        {props.name}
        <span class="hint">{props.hint}</span>
      </span>
    </label>
  );
}

function LabelPicker({ labels, onPick }: { labels: number[]; onPick: (labels: number[]) => void }) {
  const text = messages.value.data;
  return (
    <fieldset class="labels">
      <legend class="hint">{text.labelsPick}</legend>
      {DIGITS.map((digit) => (
        <label key={digit} class="digit-box">
          <input
            type="checkbox"
            checked={labels.includes(digit)}
            onChange={(event) => onPick(event.currentTarget.checked ? [...labels, digit].sort((a, b) => a - b) : labels.filter((other) => other !== digit))}
          />
          <span>{digit}</span>
        </label>
      ))}
      {labels.length === 0 && (
        <p class="hint wrong" role="alert">
          {text.labelsNone}
        </p>
      )}
    </fieldset>
  );
}

/** Forgetting cannot be undone, so it is asked once more, in place. */
function ForgetDrawings({ session, count }: { session: Session; count: number }) {
  const text = messages.value.data;
  const asking = useSignal(false);
  if (!asking.value) {
    return (
      <button type="button" class="button small" onClick={() => (asking.value = true)}>
        {text.forget}
      </button>
    );
  }
  const forget = (): void => {
    asking.value = false;
    void session.forgetDrawings();
  };
  return (
    <p class="actions" role="alert">
      {text.forgetSure(count)}
      <button type="button" class="button small" onClick={forget}>
        {text.forgetYes}
      </button>
      <button type="button" class="button small" onClick={() => (asking.value = false)}>
        {text.forgetNo}
      </button>
    </p>
  );
}

/** What this device trains on; closed until asked for, since the default needs no thought. */
export function DataChoicePanel({ session }: { session: Session }) {
  const text = messages.value.data;
  const choice = session.choice.value;
  const drawings = session.snapshot.value?.drawings ?? 0;
  const { given } = session;
  const source = session.snapshot.value?.task.data.source ?? "digits";
  const pick = (next: Choice): void => {
    session.choice.value = next;
  };
  if ((session.snapshot.value?.task.audits?.steps ?? null) !== null) return <p class="hint">{text.public}</p>;
  return (
    <details class="data-choice" open={given !== null || source === "own"}>
      <summary>{text.heading}</summary>
      <fieldset class="options">
        <legend class="hidden">{text.heading}</legend>
        {given?.kind === "given" && given.data.kind === "share" && (
          <Option choice={given} current={choice} name={text.given} hint={text.givenHint(given.data.share + 1, given.data.shares)} onPick={pick} />
        )}
        {choice.kind === "own" && <Option choice={choice} current={choice} name={text.own} hint={text.ownHint} onPick={pick} />}
        {source !== "own" && <Option choice={{ kind: "even" }} current={choice} name={text.even} hint={text.evenHint} onPick={pick} />}
        {source === "digits" && (
          <>
            <Option choice={{ kind: "labels", labels: [0, 1, 2] }} current={choice} name={text.labels} hint={text.labelsHint} onPick={pick} />
            {choice.kind === "labels" && <LabelPicker labels={choice.labels} onPick={(labels) => pick({ kind: "labels", labels })} />}
            <Option choice={{ kind: "drawn" }} current={choice} name={text.drawn} hint={text.drawnHint(drawings)} onPick={pick} />
          </>
        )}
      </fieldset>
      <p class="hint">
        {source === "own" && choice.kind !== "own" && choice.kind !== "given" && `${text.ownNeeded} `}
        <PageLink to="data">{text.give}</PageLink>
      </p>
      {drawings > 0 && <ForgetDrawings session={session} count={drawings} />}
    </details>
  );
}
