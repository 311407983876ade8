import { LANGUAGES, language, messages, setLanguage } from "../i18n.ts";
import type { TextStore } from "../local-store.ts";
import type { Session } from "../session.ts";
import { theme, THEMES } from "../theme.ts";
import { Choices } from "./choices.tsx";

export function Header({ session, store }: { session: Session | null; store: TextStore }) {
  const text = messages.value;
  const slot = session?.slot.value ?? null;
  return (
    <header class="top">
      <p class="brand">
        <img src="/icons/icon.svg" alt="" width="28" height="28" />
        <span class="brand-name">{text.name}</span>
        {/* Its place is kept until the number is known, so that nothing below it moves. */}
        <span class={slot ? "brand-slot" : "brand-slot unknown"}>{text.slot.device((slot?.slot ?? 0) + 1)}</span>
      </p>
      <div class="top-tools">
        <Choices
          label={text.language.label}
          name="language"
          options={LANGUAGES}
          text={(option) => text.language[option]}
          show={(option) => <span aria-hidden="true">{option.toUpperCase()}</span>}
          lang={(option) => option}
          value={language.value}
          onPick={(option) => {
            void setLanguage(option);
            store.write("language", option);
          }}
        />
        <Choices
          label={text.theme.label}
          name="theme"
          options={THEMES}
          text={(option) => text.theme[option]}
          show={(option) => <span class={`glyph glyph-${option}`} aria-hidden="true" />}
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
