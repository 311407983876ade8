import { AppPanel } from "../components/app-panel.tsx";
import { CarePanel } from "../components/care-panel.tsx";
import { ConnectionPanel } from "../components/connection-panel.tsx";
import { DangerPanel } from "../components/danger-panel.tsx";
import { DiagnosticsPanel } from "../components/diagnostics-panel.tsx";
import { EnginePanel } from "../components/engine-panel.tsx";
import { KeysPanel } from "../components/keys-panel.tsx";
import { LendPanel } from "../components/lend-panel.tsx";
import { LookPanel } from "../components/look-panel.tsx";
import { PageHead } from "../components/page-head.tsx";
import { StoragePanel } from "../components/storage-panel.tsx";
import { messages } from "../i18n.ts";
import type { PageProps } from "../pages.ts";
import "../styles/settings.css";

/** Everything that a person may set. */
export function Settings({ session, store }: PageProps) {
  const text = messages.value.settingsPage;
  const snapshot = session.snapshot.value;
  return (
    <>
      <PageHead heading={text.heading} lead={text.lead} />
      <div class="columns settings-page">
        <div class="column">
          <CarePanel snapshot={snapshot} />
          <EnginePanel store={store} snapshot={snapshot} />
          <StoragePanel />
          {snapshot !== null && <LendPanel session={session} library={snapshot.library} />}
          <DangerPanel session={session} />
        </div>
        <div class="column">
          <LookPanel store={store} />
          <ConnectionPanel room={session.room} signal={snapshot === null || snapshot.status === "idle" ? null : snapshot.signal} />
          {snapshot !== null && <KeysPanel session={session} keys={snapshot.keys} />}
          <AppPanel />
          <DiagnosticsPanel session={session} />
        </div>
      </div>
    </>
  );
}
