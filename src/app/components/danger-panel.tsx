import { messages } from "../i18n.ts";
import type { Session } from "../session.ts";
import { wipeAtNextLoad } from "../wipe.ts";
import { Confirm } from "./confirm.tsx";
import { Panel } from "./panel.tsx";

/** Everything that cannot be undone, apart from the rest. */
export function DangerPanel({ session }: { session: Session }) {
  const text = messages.value.settingsPage.danger;
  const drawings = session.snapshot.value?.drawings ?? 0;
  return (
    <Panel id="danger" heading={text.heading} class="danger-zone">
      <Confirm label={text.model} hint={text.modelHint} act={() => session.forget()} />
      <Confirm label={text.data} hint={text.dataHint(drawings)} disabled={drawings === 0} act={() => session.forgetDrawings()} />
      <Confirm label={text.all} hint={text.allHint} act={wipeAtNextLoad} />
    </Panel>
  );
}
