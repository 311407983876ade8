import { useSignal } from "@preact/signals";
import { messages } from "../../i18n.ts";
import type { Session } from "../../session.ts";
import { FileButton } from "../file-button.tsx";

/** A task from a JSON file goes on the board like one that is made here. */
export function ImportTask({ session }: { session: Session }) {
  const text = messages.value.tasksPage;
  const failed = useSignal<string | null>(null);
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    failed.value = null;
    try {
      await (await session.device).postTask(JSON.parse(await file.text()));
    } catch (cause) {
      failed.value = cause instanceof Error ? cause.message : String(cause);
    }
  };
  return (
    <>
      <FileButton text={text.import} name="task" accept=".json,application/json" onFiles={([file]) => void take(file)} />
      {failed.value !== null && (
        <p class="hint wrong" role="alert">
          {text.importFailed} <span lang="en">{failed.value}</span>
        </p>
      )}
    </>
  );
}
