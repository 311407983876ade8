import { messages } from "../i18n.ts";
import type { Session } from "../session.ts";

/** What is not hidden, said where it cannot be missed: before the first press and all the while. */
export function PrivacyNote({ session }: { session: Session }) {
  const text = messages.value.privacy;
  const audits = session.snapshot.value?.task.audits ?? null;
  const together = session.snapshot.value?.view.length;
  return (
    <section class="privacy" aria-labelledby="privacy-heading">
      <h2 id="privacy-heading">{text.heading}</h2>
      <p>
        <strong>{text.update}</strong>
      </p>
      {audits !== null && <p data-audits={audits.steps === null ? "shown" : "rerun"}>{audits.steps === null ? text.audits(audits.oneOf) : text.reruns(audits.oneOf)}</p>}
      {(together === 2 || together === 3) && (
        <p class="wrong" data-small={together}>
          {text.small[together]}
        </p>
      )}
      <p>{session.room?.relayOnly === true ? text.addressesRelayed : text.addressesDirect}</p>
      <details>
        <summary>{text.more}</summary>
        <ul>
          <li>{text.crowd}</li>
          <li>{text.timing}</li>
          <li>{text.sum}</li>
        </ul>
      </details>
    </section>
  );
}
