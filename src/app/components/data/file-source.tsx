import { useSignal } from "@preact/signals";
import type { GivenFile } from "../../../device/desk/api.ts";
import { messages } from "../../i18n.ts";
import { droppedFiles } from "../../dropped-files.ts";
import { FileButton } from "../file-button.tsx";

const given = (files: File[]): GivenFile[] => files.map((file) => ({ file, name: file.webkitRelativePath || file.name }));

/** Files, a folder, or what is dropped here. */
export function FileSource({ onFiles }: { onFiles: (files: GivenFile[]) => void }) {
  const text = messages.value.dataPage.add;
  const over = useSignal(false);
  const take = (files: File[]): void => onFiles(given(files));
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
        <FileButton text={text.files} name="files" multiple primary onFiles={take} />
        <FileButton text={text.folder} name="folder" multiple folder onFiles={take} />
        <span class="hint drop-hint">{text.drop}</span>
      </div>
    </div>
  );
}
