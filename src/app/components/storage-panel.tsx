import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { format, messages } from "../i18n.ts";
import { Panel } from "./panel.tsx";

interface Held {
  used: number | null;
  quota: number;
  lasting: boolean;
}

async function look(storage: StorageManager | undefined): Promise<Held> {
  const [estimate, lasting] = await Promise.all([storage?.estimate?.(), storage?.persisted?.()]);
  return { used: estimate?.usage ?? null, quota: estimate?.quota ?? 0, lasting: lasting ?? false };
}

/** How much is kept, for how long, and the wish that it be kept for good, asked for here where it is explained. */
export function StoragePanel() {
  const text = messages.value.settingsPage.storage;
  const held = useSignal<Held | null>(null);
  const refused = useSignal(false);
  const read = async (): Promise<void> => {
    try {
      held.value = await look(navigator.storage);
    } catch (cause) {
      console.info("this browser does not tell of its storage:", cause);
      held.value = { used: null, quota: 0, lasting: false };
    }
  };
  useEffect(() => void read(), []);
  const ask = async (): Promise<void> => {
    refused.value = !(await navigator.storage.persist());
    await read();
  };
  const now = held.value;
  return (
    <Panel id="storage" heading={text.heading}>
      {now !== null && (
        <>
          <p>{now.used === null ? text.unknown : text.used(format.value.bytes(now.used), format.value.bytes(now.quota))}</p>
          {now.used !== null && <meter class="meter" aria-labelledby="storage-heading" min={0} max={now.quota} value={now.used} />}
          <p class="hint" data-lasting={now.lasting}>
            {now.lasting ? text.lasting : text.fleeting}
          </p>
          {!now.lasting && "persist" in (navigator.storage ?? {}) && (
            <button type="button" class="button" onClick={() => void ask()}>
              {text.ask}
            </button>
          )}
          <p class="hint" role="status">
            {refused.value && !now.lasting ? text.refused : ""}
          </p>
        </>
      )}
      <details>
        <summary>{text.kept}</summary>
        <ul class="bullets">
          {text.list.map((item) => (
            <li key={item}>{item}</li>
          ))}
        </ul>
      </details>
    </Panel>
  );
}
