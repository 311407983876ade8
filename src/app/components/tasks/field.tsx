import { useId } from "preact/hooks";
import type { ComponentChildren } from "preact";

/** A labelled control with what is wrong beside it. */
export function TextField(props: { label: string; value: string; wrong?: string | undefined; numeric?: boolean; hint?: string; lang?: string; onInput: (value: string) => void }) {
  const id = useId();
  const described = [props.hint ? `${id}-hint` : null, props.wrong ? `${id}-wrong` : null].filter((part) => part !== null).join(" ");
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type="text"
        inputMode={props.numeric ? "decimal" : "text"}
        lang={props.lang}
        value={props.value}
        aria-invalid={props.wrong !== undefined}
        aria-describedby={described || undefined}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
      {props.hint && (
        <span class="hint" id={`${id}-hint`}>
          {props.hint}
        </span>
      )}
      <Wrong id={`${id}-wrong`} text={props.wrong} />
    </div>
  );
}

export function SelectField<T extends string>(props: { label: string; value: T; options: readonly T[]; text: (option: T) => string; wrong?: string | undefined; onPick: (option: T) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select id={id} value={props.value} aria-invalid={props.wrong !== undefined} onChange={(event) => props.onPick(event.currentTarget.value as T)}>
        {props.options.map((option) => (
          <option key={option} value={option}>
            {props.text(option)}
          </option>
        ))}
      </select>
      <Wrong id={`${id}-wrong`} text={props.wrong} />
    </div>
  );
}

function Wrong({ id, text }: { id: string; text: ComponentChildren }) {
  return text ? (
    <span class="hint wrong" id={id}>
      {text}
    </span>
  ) : null;
}
