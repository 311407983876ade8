import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { messages } from "../../i18n.ts";
import type { Session } from "../../session.ts";

/** A task from a JSON file goes on the board like one that is made here. */
export function ImportTask({ session }: { session: Session }) {
  const text = messages.value.tasksPage;
  const input = useRef<HTMLInputElement>(null);
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
      <input
        ref={input}
        class="hidden"
        type="file"
        accept=".json,application/json"
        tabIndex={-1}
        aria-hidden="true"
        data-input="task"
        onChange={(event) => {
          void take(event.currentTarget.files?.[0]);
          event.currentTarget.value = "";
        }}
      />
      <button type="button" class="button" onClick={() => input.current?.click()}>
        {text.import}
      </button>
      {failed.value !== null && (
        <p class="hint wrong" role="alert">
          {text.importFailed} <span lang="en">{failed.value}</span>
        </p>
      )}
    </>
  );
}
