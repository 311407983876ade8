import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { GivenFile } from "../../../device/desk/api.ts";
import { messages } from "../../i18n.ts";
import { droppedFiles } from "../../dropped-files.ts";

const given = (files: FileList | null): GivenFile[] => Array.from(files ?? [], (file) => ({ file, name: file.webkitRelativePath || file.name }));

/** Files, a folder, or what is dropped here. */
export function FileSource({ onFiles }: { onFiles: (files: GivenFile[]) => void }) {
  const text = messages.value.dataPage.add;
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const over = useSignal(false);
  const take = (input: HTMLInputElement): void => {
    onFiles(given(input.files));
    input.value = ""; // the same file may be given again
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    over.value = false;
    if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(onFiles);
  };
  return (
    <div
      class={`drop ${over.value ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => (over.value = false)}
      onDrop={drop}
    >
      <p class="hint">{text.hint}</p>
      <div class="actions">
        <input ref={files} class="hidden" type="file" multiple tabIndex={-1} aria-hidden="true" data-input="files" onChange={(event) => take(event.currentTarget)} />
        <input ref={folder} class="hidden" type="file" multiple tabIndex={-1} aria-hidden="true" {...{ webkitdirectory: true }} onChange={(event) => take(event.currentTarget)} />
        <button type="button" class="button primary" onClick={() => files.current?.click()}>
          {text.files}
        </button>
        <button type="button" class="button" onClick={() => folder.current?.click()}>
          {text.folder}
        </button>
        <span class="hint drop-hint">{text.drop}</span>
      </div>
    </div>
  );
}
