import type { Snapshot } from "../../device/api.ts";
import { joulesOf } from "../../device/energy.ts";
import { format, messages } from "../i18n.ts";
import { Panel } from "./panel.tsx";

/** How many of each digit this device trains on, as ten small bars. */
function LabelBars({ counts }: { counts: number[] }) {
  const text = messages.value.given;
  const most = Math.max(1, ...counts);
  return (
    <ul class="label-bars">
      {counts.map((count, label) => (
        <li key={label} title={text.labelCount(label, count)}>
          <span class="label-bar" aria-hidden="true">
            <span style={{ blockSize: `${(100 * count) / most}%` }} />
          </span>
          <span aria-hidden="true">{label}</span>
          <span class="hidden">{text.labelCount(label, count)}</span>
        </li>
      ))}
    </ul>
  );
}

function SentTable({ snapshot }: { snapshot: Snapshot }) {
  const text = messages.value.given;
  const write = format.value;
  if (snapshot.sent.every(({ messages: count }) => count === 0)) return <p class="hint">{text.nothing}</p>;
  return (
    <table class="plain">
      <caption class="hidden">{text.byKind}</caption>
      <thead>
        <tr>
          <th scope="col">{text.kind}</th>
          <th scope="col" class="number">
            {text.messages}
          </th>
          <th scope="col" class="number">
            {text.bytes}
          </th>
        </tr>
      </thead>
      <tbody>
        {snapshot.sent.map(({ kind, protection, messages: count, bytes }) => (
          <tr key={`${kind} ${protection}`}>
            <th scope="row">
              {text.kinds[kind]} <small>{text.protections[protection]}</small>
            </th>
            <td class="number">{write.whole(count)}</td>
            <td class="number">{write.bytes(bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What this device did and what left it. */
export function GivenPanel({ snapshot }: { snapshot: Snapshot }) {
  const text = messages.value.given;
  const write = format.value;
  const { trainer } = snapshot;
  const kind = matchMedia("(pointer: coarse)").matches ? "phone" : "laptop";
  const joules = joulesOf(snapshot.care.worked, kind);
  const together = snapshot.rounds.at(-1)?.labelCounts;
  return (
    <Panel id="given" heading={text.heading}>
      <dl class="tiles">
        <div>
          <dt>{text.samples}</dt>
          <dd>{write.whole(snapshot.samplesTrained)}</dd>
        </div>
        <div>
          <dt>{text.energy}</dt>
          <dd data-joules={Math.round(joules)}>{text.joules(write.rounded(joules < 10 ? joules : Math.round(joules)))}</dd>
        </div>
        <div>
          <dt>{text.sent}</dt>
          <dd>{write.bytes(snapshot.bytesUp)}</dd>
        </div>
        <div>
          <dt>{text.received}</dt>
          <dd>{write.bytes(snapshot.bytesDown)}</dd>
        </div>
        <div>
          <dt>{text.receipts}</dt>
          <dd data-receipts={snapshot.receipts}>{write.whole(snapshot.receipts)}</dd>
        </div>
        <div>
          <dt>{text.backend}</dt>
          <dd>{trainer === null ? "–" : text.backends[trainer.backend]}</dd>
        </div>
      </dl>
      <p class="hint">{text.energyHint[kind]}</p>
      {trainer !== null && (
        <>
          <h3>
            {text.holds} <span class="meta">{text.holdsCount(trainer.samples)}</span>
          </h3>
          <LabelBars counts={trainer.labelCounts} />
          {together !== undefined && together.length > 0 && (
            <>
              <h3>{text.together}</h3>
              <LabelBars counts={together} />
            </>
          )}
        </>
      )}
      {snapshot.privacy !== null && (
        <p class="hint" data-epsilon={snapshot.privacy.spent}>
          {text.privacy(snapshot.privacy.rounds, write.loss(snapshot.privacy.spent), write.whole(snapshot.privacy.epsilon))}
        </p>
      )}
      <details>
        <summary>{text.byKind}</summary>
        <SentTable snapshot={snapshot} />
        <p class="hint">{text.protectionHint}</p>
        <p class="hint">{snapshot.issuer === null ? text.roomIssues : text.committeeIssues(snapshot.issuer)}</p>
        {snapshot.issuer?.accounted === false && <p class="hint wrong">{text.unaccounted}</p>}
        <p class="hint" data-refused={Object.values(snapshot.refusals).reduce((sum, count) => sum + count, 0)}>
          {text.refused(snapshot.refusals)}
        </p>
      </details>
    </Panel>
  );
}
