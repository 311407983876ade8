import { LANGUAGES, language, messages, setLanguage } from "../i18n.ts";
import type { TextStore } from "../local-store.ts";
import { theme, THEMES } from "../theme.ts";
import { Choices } from "./choices.tsx";
import { Panel } from "./panel.tsx";

export function LookPanel({ store }: { store: TextStore }) {
  const text = messages.value;
  return (
    <Panel id="look" heading={text.settingsPage.look.heading}>
      <div class="setting">
        <p aria-hidden="true">{text.language.label}</p>
        <Choices
          label={text.language.label}
          name="settings-language"
          options={LANGUAGES}
          text={(option) => text.language[option]}
          lang={(option) => option}
          value={language.value}
          onPick={(option) => {
            void setLanguage(option);
            store.write("language", option);
          }}
        />
        <p class="hint">{text.settingsPage.look.hint}</p>
      </div>
      <div class="setting">
        <p aria-hidden="true">{text.theme.label}</p>
        <Choices
          label={text.theme.label}
          name="settings-theme"
          options={THEMES}
          text={(option) => text.theme[option]}
          value={theme.value}
          onPick={(option) => {
            theme.value = option;
            store.write("theme", option);
          }}
        />
      </div>
    </Panel>
  );
}
