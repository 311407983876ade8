import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { messages } from "../i18n.ts";

/** A button for what cannot be undone: asks once more, and says what came of it. */
export function Confirm({ label, hint, disabled = false, act }: { label: string; hint: string; disabled?: boolean; act: () => Promise<void> }) {
  const text = messages.value.settingsPage.danger;
  const state = useSignal<"idle" | "asking" | "busy" | "done" | "failed">("idle");
  const first = useRef<HTMLButtonElement>(null);
  const no = useRef<HTMLButtonElement>(null);
  const asking = state.value === "asking";
  useEffect(() => {
    if (asking) no.current?.focus();
  }, [asking]);
  const keep = (): void => {
    state.value = "idle";
    first.current?.focus();
  };
  const go = async (): Promise<void> => {
    state.value = "busy";
    try {
      await act();
      state.value = "done";
    } catch (cause) {
      console.error(cause);
      state.value = "failed";
    }
  };
  return (
    <div class="setting">
      <p>{label}</p>
      {asking ? (
        <div class="actions" role="group" aria-label={label}>
          <span>{text.sure}</span>
          <button type="button" class="button small danger" onClick={() => void go()}>
            {text.yes}
          </button>
          <button type="button" class="button small" ref={no} onClick={keep}>
            {text.no}
          </button>
        </div>
      ) : (
        <button type="button" class="button small danger" aria-label={label} ref={first} aria-disabled={disabled || state.value === "busy"} onClick={() => disabled || (state.value = "asking")}>
          {text.yes}
        </button>
      )}
      <p class={state.value === "failed" ? "hint wrong" : "hint"} role="status">
        {state.value === "done" ? text.done : state.value === "failed" ? text.failed : hint}
      </p>
    </div>
  );
}
