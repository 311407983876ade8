import { install, installed, installOffer } from "../install.ts";
import { messages } from "../i18n.ts";
import { offlineReady } from "../update.ts";
import { build } from "../version.ts";
import { Panel } from "./panel.tsx";

/** Which version this is, and how to have it as an app. */
export function AppPanel() {
  const text = messages.value.settingsPage.app;
  return (
    <Panel id="app-about" heading={text.heading}>
      <p class="numbers">{text.version(build.version, build.commit)}</p>
      <p class="hint">{offlineReady.value ? text.offline.ready : text.offline.none}</p>
      {installed.value ? (
        <p class="hint">{text.installed}</p>
      ) : installOffer.value !== null ? (
        <button type="button" class="button" onClick={() => void install()}>
          {text.install}
        </button>
      ) : (
        <p class="hint">{text.installHint}</p>
      )}
    </Panel>
  );
}
