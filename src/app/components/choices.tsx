import type { ComponentChildren } from "preact";

/** Radio buttons that look like one switch. */
export function Choices<T extends string>(props: {
  label: string;
  /** Of the group; no two on a page may share it. */
  name: string;
  options: readonly T[];
  /** What an option is called. */
  text: (option: T) => string;
  /** What stands in its place, where that is not its name. */
  show?: (option: T) => ComponentChildren;
  lang?: (option: T) => string;
  value: T;
  onPick: (option: T) => void;
}) {
  const { label, name, options, text, show, lang, value, onPick } = props;
  return (
    <fieldset class="choices">
      <legend class="hidden">{label}</legend>
      {options.map((option) => (
        <label key={option} class="choice" title={show ? text(option) : undefined}>
          <input type="radio" name={name} value={option} checked={value === option} onChange={() => onPick(option)} />
          <span lang={lang?.(option)}>
            {show?.(option)}
            <span class={show ? "hidden" : ""}>{text(option)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
