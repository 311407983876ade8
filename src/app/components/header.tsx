import { LANGUAGES, language, messages } from "../i18n.ts";
import type { TextStore } from "../local-store.ts";
import type { Session } from "../session.ts";
import { theme, THEMES } from "../theme.ts";

function Choices<T extends string>(props: { label: string; name: string; options: readonly T[]; text: (option: T) => string; value: T; onPick: (option: T) => void }) {
  return (
    <fieldset class="choices">
      <legend class="hidden">{props.label}</legend>
      {props.options.map((option) => (
        <label key={option} class="choice" title={props.text(option)}>
          <input type="radio" name={props.name} value={option} checked={props.value === option} onChange={() => props.onPick(option)} />
          <span lang={props.name === "language" ? option : undefined}>
            {props.name === "theme" ? <span class={`glyph glyph-${option}`} aria-hidden="true" /> : <span aria-hidden="true">{option.toUpperCase()}</span>}
            <span class="hidden">{props.text(option)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export function Header({ session, store }: { session: Session | null; store: TextStore }) {
  const text = messages.value;
  const slot = session?.slot.value ?? null;
  return (
    <header class="top">
      <p class="brand">
        <img src="/icons/icon.svg" alt="" width="28" height="28" />
        <span class="brand-name">{text.name}</span>
        {slot && <span class="brand-slot">{text.slot.device(slot.slot + 1)}</span>}
      </p>
      <div class="top-tools">
        <Choices
          label={text.language.label}
          name="language"
          options={LANGUAGES}
          text={(option) => text.language[option]}
          value={language.value}
          onPick={(option) => {
            language.value = option;
            store.write("language", option);
          }}
        />
        <Choices
          label={text.theme.label}
          name="theme"
          options={THEMES}
          text={(option) => text.theme[option]}
          value={theme.value}
          onPick={(option) => {
            theme.value = option;
            store.write("theme", option);
          }}
        />
      </div>
      {slot?.exclusive === false && <p class="note top-note">{text.slot.shared}</p>}
    </header>
  );
}
