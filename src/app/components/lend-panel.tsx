import type { Snapshot } from "../../device/api.ts";
import { format, messages } from "../i18n.ts";
import type { Session } from "../session.ts";
import { shortId } from "../mesh-layout.ts";
import { Panel } from "./panel.tsx";

const CHOICES = [0, 64e6, 256e6, 1e9, 4e9];

/** Memory that this device lends: pieces of models and data lie here while other devices come and go. */
export function LendPanel({ session, library }: { session: Session; library: Snapshot["library"] }) {
  const text = messages.value.lend;
  const write = format.value;
  const { lends, used, shards, objects, wrong, where } = library;
  const choices = CHOICES.includes(lends) ? CHOICES : [...CHOICES, lends].sort((a, b) => a - b);
  return (
    <Panel id="lend" heading={text.heading}>
      <p class="hint">{where === "memory" ? text.visit : text.about}</p>
      <label class="field">
        <span>{text.most}</span>
        <select value={String(lends)} onChange={(event) => void session.lend(Number(event.currentTarget.value))}>
          {choices.map((bytes) => (
            <option key={bytes} value={String(bytes)}>
              {bytes === 0 ? text.nothing : write.bytes(bytes)}
            </option>
          ))}
        </select>
      </label>
      <p data-shards={shards}>{text.holds(shards, objects.filter(({ held }) => held.length > 0).length, write.bytes(used))}</p>
      {wrong.length > 0 && <p class="hint wrong">{text.wrong(wrong.map(shortId).join(", "))}</p>}
    </Panel>
  );
}
