import { useSignal } from "@preact/signals";
import type { Snapshot } from "../../device/api.ts";
import { codeOf } from "../../workers/bridge.ts";
import { download } from "../download.ts";
import { messages } from "../i18n.ts";
import type { Session } from "../session.ts";
import { FileButton } from "./file-button.tsx";
import { Panel } from "./panel.tsx";

const FILE_NAME = "hromada-keys.bin";
/** A key file is smaller; anything larger is not even read. */
const FILE_BYTES_AT_MOST = 2 ** 21;

const PROBLEMS = ["keys-in-use", "passphrase", "key-file", "update-needed", "internal"] as const;

type Said = { note: "working" | "exported" | "imported" | "noPassphrase" | "noFile" } | { problem: (typeof PROBLEMS)[number] };

/** Where this device's pseudonyms are kept, and the way to take them elsewhere. */
export function KeysPanel({ session, keys }: { session: Session; keys: Snapshot["keys"] }) {
  const text = messages.value.keys;
  const problems = messages.value.problem;
  const passphrase = useSignal("");
  const said = useSignal<Said | null>(null);
  const chosen = useSignal<File | null>(null);
  const busy = said.value !== null && "note" in said.value && said.value.note === "working";

  const act = async (work: (typed: string) => Promise<Said>): Promise<void> => {
    if (busy) return;
    if (passphrase.value === "") return void (said.value = { note: "noPassphrase" });
    said.value = { note: "working" };
    try {
      said.value = await work(passphrase.value);
    } catch (cause) {
      const code = codeOf(cause);
      const known = PROBLEMS.find((problem) => problem === code);
      if (known === undefined) console.error(cause);
      said.value = { problem: known ?? "internal" };
    }
  };
  const exportKeys = (): Promise<void> =>
    act(async (typed) => {
      download(await session.exportKeys(typed), FILE_NAME, "application/octet-stream");
      return { note: "exported" };
    });
  const importKeys = (): Promise<void> =>
    act(async (typed) => {
      const file = chosen.value;
      if (file === null) return { note: "noFile" };
      if (file.size > FILE_BYTES_AT_MOST) return { problem: "key-file" };
      await session.importKeys(new Uint8Array(await file.arrayBuffer()), typed);
      return { note: "imported" };
    });
  const words = (now: Said): string => ("note" in now ? text[now.note] : `${problems[now.problem].what} ${problems[now.problem].todo}`);
  const wrong = said.value !== null && ("problem" in said.value || said.value.note === "noPassphrase" || said.value.note === "noFile");
  return (
    <Panel id="keys" heading={text.heading}>
      <p class="hint">{text.kept(keys.count)}</p>
      {!keys.lasting && <p class="hint wrong">{text.visit}</p>}
      <details>
        <summary>{text.move}</summary>
        <div class="settings">
          <p class="hint" id="keys-hint">
            {text.moveHint}
          </p>
          <label class="field">
            <span>{text.passphrase}</span>
            <input type="password" autocomplete="off" value={passphrase.value} aria-describedby="keys-hint" onInput={(event) => (passphrase.value = event.currentTarget.value)} />
          </label>
          <button type="button" class="button" aria-disabled={busy} onClick={() => void exportKeys()}>
            {text.export}
          </button>
          <FileButton text={text.file} name="keys" accept=".bin" onFiles={([file]) => (chosen.value = file ?? null)} />
          {chosen.value !== null && <p class="hint">{chosen.value.name}</p>}
          <button type="button" class="button" aria-disabled={busy} onClick={() => void importKeys()}>
            {text.import}
          </button>
          <p class={wrong ? "hint wrong" : "hint"} role="status">
            {said.value !== null && words(said.value)}
          </p>
        </div>
      </details>
    </Panel>
  );
}
