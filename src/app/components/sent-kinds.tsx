import { SENT_KINDS, type SentEntry, type SentKind } from "../../device/api.ts";
import { format, messages } from "../i18n.ts";
import { Panel } from "./panel.tsx";

function Kind({ kind, bytes, part }: { kind: SentKind; bytes: number; part: number }) {
  const text = messages.value.sentPage;
  const { name, holds, never, readers } = text.kinds[kind];
  return (
    <li>
      <details>
        <summary>
          <span class="sent-kind">
            <span>{name}</span>
            <span class="number">{format.value.bytes(bytes)}</span>
            <span class="sent-bar" role="img" aria-label={text.share(format.value.roughPercent(part))}>
              <span style={{ inlineSize: `${100 * part}%` }} />
            </span>
          </span>
        </summary>
        <dl class="sent-explained">
          <dt>{text.holds}</dt>
          <dd>{holds}</dd>
          <dt>{text.never}</dt>
          <dd>{never}</dd>
          <dt>{text.readers}</dt>
          <dd>{readers}</dd>
        </dl>
      </details>
    </li>
  );
}

/** How much of each kind, and what a kind is, in plain words. */
export function SentKinds({ sent }: { sent: readonly SentEntry[] }) {
  const all = Math.max(1, sent.reduce((sum, { bytes }) => sum + bytes, 0));
  const bytesOf = (kind: SentKind): number => sent.filter((entry) => entry.kind === kind).reduce((sum, { bytes }) => sum + bytes, 0);
  const kinds = SENT_KINDS.map((kind) => ({ kind, bytes: bytesOf(kind) })).sort((a, b) => b.bytes - a.bytes);
  return (
    <Panel id="sent-kinds" heading={messages.value.sentPage.byKind}>
      <ul class="sent-kinds">
        {kinds.map(({ kind, bytes }) => (
          <Kind key={kind} kind={kind} bytes={bytes} part={bytes / all} />
        ))}
      </ul>
    </Panel>
  );
}
