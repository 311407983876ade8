import { useSignal } from "@preact/signals";
import type { Device, Snapshot } from "../../../device/api.ts";
import { format, messages } from "../../i18n.ts";
import { shortId } from "../../mesh-layout.ts";
import { FileButton } from "../file-button.tsx";
import { Panel } from "../panel.tsx";
import { modelProblem } from "./problem.ts";

const ID = /^[0-9a-f]{64}$/;

/** Fetches a published model, or takes one from a file. @param onModel its id here */
export function BringModel({ device, library, onModel }: { device: Promise<Device>; library: Snapshot["library"] | null; onModel: (id: string) => void }) {
  const text = messages.value.modelsPage;
  const wanted = useSignal("");
  const fetching = useSignal<string | null>(null);
  const said = useSignal<{ text: string; wrong: boolean } | null>(null);
  const bring = async (work: (ready: Device) => Promise<string>, done: string): Promise<void> => {
    said.value = null;
    try {
      onModel(await work(await device));
      said.value = { text: done, wrong: false };
    } catch (cause) {
      said.value = { text: modelProblem(cause), wrong: true };
    }
  };
  const fetch = async (id: string): Promise<void> => {
    if (!ID.test(id) || fetching.value !== null) return;
    fetching.value = id;
    await bring((ready) => ready.fetchModel(id), text.fetched);
    fetching.value = null;
  };
  const take = async (files: readonly File[]): Promise<void> => {
    const given = await Promise.all(files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
    await bring((ready) => ready.importModel(given), text.imported);
  };
  const published = library?.objects.filter(({ head }) => head === null) ?? [];
  const progress = library?.fetches.find(({ id }) => id === fetching.value);
  return (
    <Panel id="bring" heading={text.bring}>
      <form
        class="fetch"
        onSubmit={(event) => {
          event.preventDefault();
          void fetch(wanted.value);
        }}
      >
        <label class="field">
          <span>{text.fetchId}</span>
          <input type="text" spellcheck={false} autocomplete="off" value={wanted.value} onInput={({ currentTarget }) => (wanted.value = currentTarget.value.trim())} />
        </label>
        <button type="submit" class="button" aria-disabled={!ID.test(wanted.value) || fetching.value !== null}>
          {text.fetch}
        </button>
      </form>
      {fetching.value !== null && (
        <div class="actions">
          <span class="hint">{text.fetching(progress?.have ?? 0, progress?.need ?? null)}</span>
          <button type="button" class="button small" onClick={() => void device.then((ready) => ready.stopFetching(fetching.value ?? ""))}>
            {text.stop}
          </button>
        </div>
      )}
      {published.length > 0 && (
        <>
          <h3>{text.inRoom}</h3>
          <ul class="published-list">
            {published.map(({ id, bytes, author, present, k }) => (
              <li key={id}>
                <span>
                  <code>{id.slice(0, 16)}…</code> {format.value.bytes(bytes)}
                  <small class="meta">
                    {author !== null && `${text.by(shortId(author))} · `}
                    {text.pieces(present, k)}
                  </small>
                </span>
                <button type="button" class="button small" aria-disabled={fetching.value !== null} aria-label={`${text.fetch} ${id.slice(0, 16)}`} onClick={() => void fetch(id)}>
                  {text.fetch}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="hint">{text.importLabel}</p>
      <FileButton text={messages.value.dataPage.add.files} name="model" multiple accept=".json,.bin,.zip" onFiles={(files) => void take(files)} />
      <p class={said.value?.wrong ? "hint wrong" : "hint"} role="status">
        {said.value?.text}
      </p>
    </Panel>
  );
}
