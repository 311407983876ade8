import type { Room } from "../../device/api.ts";
import { goToRoom } from "../go-to-room.ts";
import { messages } from "../i18n.ts";
import { ConnectionSettings } from "./connection-settings.tsx";
import { Panel } from "./panel.tsx";

export function ConnectionPanel({ room, signal }: { room: Room | null; signal: "connecting" | "open" | "down" | "outdated" | null }) {
  const text = messages.value;
  return (
    <Panel id="connection" heading={text.settingsPage.connection.heading}>
      {room === null ? (
        <p class="hint">{text.settingsPage.connection.none}</p>
      ) : (
        <>
          {signal !== null && <p class="hint">{text.status.signal[signal]}</p>}
          <ConnectionSettings room={room} onApply={goToRoom} />
          <p class="hint">{text.share.moves}</p>
        </>
      )}
    </Panel>
  );
}
