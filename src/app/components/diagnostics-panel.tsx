import { useSignal } from "@preact/signals";
import { diagnostics, lookAround } from "../diagnostics.ts";
import { download } from "../download.ts";
import { messages } from "../i18n.ts";
import type { Session } from "../session.ts";
import { troubles } from "../troubles.ts";
import { build } from "../version.ts";
import { Panel } from "./panel.tsx";

const FILE_NAME = "hromada-diagnostics.json";

/** A file for whoever helps, which can be read here before it is sent anywhere. */
export function DiagnosticsPanel({ session }: { session: Session }) {
  const text = messages.value.settingsPage.diagnostics;
  const shown = useSignal<string | null>(null);
  const saved = useSignal(false);
  const write = async (): Promise<string> => JSON.stringify(diagnostics(build, await lookAround(), session.snapshot.peek(), troubles(), Math.round(performance.now() / 1_000)), null, 2);
  const save = async (): Promise<void> => {
    download(await write(), FILE_NAME, "application/json");
    saved.value = true;
  };
  const look = async (event: Event): Promise<void> => {
    if ((event.currentTarget as HTMLDetailsElement).open) shown.value = await write();
  };
  return (
    <Panel id="diagnostics" heading={text.heading}>
      <p class="hint">{text.lead}</p>
      <button type="button" class="button" onClick={() => void save()}>
        {text.save}
      </button>
      <p class="hint" role="status">
        {saved.value ? text.saved : ""}
      </p>
      <details onToggle={(event) => void look(event)}>
        <summary>{text.look}</summary>
        <pre class="listing" tabIndex={0} lang="en" dir="ltr" role="region" aria-label={text.look}>
          {shown.value ?? "…"}
        </pre>
      </details>
    </Panel>
  );
}
