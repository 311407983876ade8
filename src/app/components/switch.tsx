import { useId } from "preact/hooks";
import type { ComponentChildren } from "preact";

/** A setting that is on or off, with what it means and how things stand. */
export function Switch(props: { label: string; checked: boolean; hint?: ComponentChildren; now?: string | null; disabled?: boolean; onChange: (on: boolean) => void }) {
  const id = useId();
  return (
    <div class="switch-row">
      <label class="switch-label" for={id}>
        {props.label}
      </label>
      <input
        id={id}
        class="switch"
        type="checkbox"
        role="switch"
        checked={props.checked}
        disabled={props.disabled ?? false}
        aria-describedby={`${id}-hint`}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <p class="hint" id={`${id}-hint`}>
        {props.hint}
        {props.now !== undefined && props.now !== null && <span class="now"> {props.now}</span>}
      </p>
    </div>
  );
}
