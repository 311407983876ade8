import { useSignal } from "@preact/signals";
import { messages } from "../i18n.ts";

/** Copies `value` and says so for two seconds, in place and to screen readers. */
export function CopyButton(props: { value: string; label?: string; name?: string; class?: string }) {
  const text = messages.value.share;
  const state = useSignal<"idle" | "copied" | "failed">("idle");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(props.value);
      state.value = "copied";
    } catch (cause) {
      console.warn("The browser did not let the page copy.", cause);
      state.value = "failed";
    }
    setTimeout(() => (state.value = "idle"), 2_000);
  };
  const said = state.value === "copied" ? text.copied : state.value === "failed" ? text.copyFailed : null;
  return (
    <>
      <button type="button" class={props.class ?? "button"} title={props.label} onClick={() => void copy()}>
        {said !== null && state.value === "copied" ? said : (props.name ?? text.copy)}
        {props.label !== undefined && <span class="hidden">{props.label}</span>}
      </button>
      <span class={state.value === "failed" ? "hint" : "hidden"} role="status">
        {said}
      </span>
    </>
  );
}
