import { useSignal } from "@preact/signals";
import type { RoundRecord, Snapshot } from "../../device/api.ts";
import { format, messages } from "../i18n.ts";
import { CopyButton } from "./copy-button.tsx";
import { Panel } from "./panel.tsx";

/** Rows shown until more are asked for, and at most, so that a week of rounds does not slow the page. */
const FEW = 8;
const MOST = 500;

function Row({ record }: { record: RoundRecord }) {
  const text = messages.value.rounds;
  const write = format.value;
  return (
    <tr>
      <th scope="row" class="number">
        {write.whole(record.round)}
      </th>
      <td class="number">{record.accuracy === null ? <span class="meta">{text.pending}</span> : write.percent(record.accuracy)}</td>
      <td class="number">{record.loss === null ? "–" : write.loss(record.loss)}</td>
      <td class="number" title={record.participants.join("\n")}>
        {write.whole(record.devices)}
        {record.retries > 0 && (
          <span class="retried" title={text.retried(record.retries)}>
            <span aria-hidden="true">↻{record.retries}</span>
            <span class="hidden">{text.retried(record.retries)}</span>
          </span>
        )}
        {record.refused && (
          <span class="retried" title={text.refused}>
            <span aria-hidden="true">⊘</span>
            <span class="hidden">{text.refused}</span>
          </span>
        )}
      </td>
      <td class="number">{write.one(record.seconds)}</td>
      <td class="number">{write.bytes(record.bytesUp)}</td>
      <td class="number">{write.bytes(record.bytesDown)}</td>
      <td class="hash" title={record.modelHash}>
        <CopyButton value={record.modelHash} name={record.modelHash.slice(0, 8)} label={text.copyHash(record.round)} class="hash-button" />
      </td>
    </tr>
  );
}

export function RoundsTable({ snapshot }: { snapshot: Snapshot }) {
  const text = messages.value.rounds;
  const all = useSignal(false);
  const records = snapshot.rounds.slice(all.value ? -MOST : -FEW).reverse();
  const earlier = Math.min(snapshot.rounds.length, MOST) - FEW;
  if (records.length === 0) {
    return (
      <Panel id="rounds" heading={text.heading}>
        <p class="empty">{text.empty}</p>
      </Panel>
    );
  }
  return (
    <Panel id="rounds" heading={text.heading}>
      <div class="scroll" role="group" aria-labelledby="rounds-heading" tabIndex={0}>
        <table>
          <caption class="hidden">{text.table}</caption>
          <thead>
            <tr>
              {[text.round, text.accuracy, text.loss, text.devices, text.seconds, text.up, text.down].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
              <th scope="col">{text.hash}</th>
            </tr>
          </thead>
          <tbody>
            {records.map((record) => (
              <Row key={record.round} record={record} />
            ))}
          </tbody>
        </table>
      </div>
      {earlier > 0 && (
        <button type="button" class="button small" onClick={() => (all.value = !all.value)}>
          {all.value ? text.fewer : text.more(earlier)}
        </button>
      )}
    </Panel>
  );
}
