import type { Room } from "../../device/api.ts";
import { goToRoom } from "../go-to-room.ts";
import { messages } from "../i18n.ts";
import { formatJoinLink, newSecret } from "../join-link.ts";
import { ConnectionSettings } from "./connection-settings.tsx";
import { taskQuery } from "../task-link.ts";
import { CopyButton } from "./copy-button.tsx";
import { Panel } from "./panel.tsx";
import { QrCode } from "./qr-code.tsx";

const isLocal = (): boolean => ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

/** The way to this room for others: link, copy, QR code; and the ways to another room. */
export function SharePanel({ room }: { room: Room }) {
  const text = messages.value.share;
  const link = location.origin + location.pathname + taskQuery(location.search) + formatJoinLink(room, location);
  const { secret: _secret, ...open } = room;
  const isPrivate = room.secret !== undefined;
  return (
    <Panel id="share" heading={text.heading}>
      <p class="hint">{isPrivate ? text.private : text.open}</p>
      <label class="field">
        <span>{text.link}</span>
        <input type="text" readOnly dir="ltr" value={link} onFocus={(event) => event.currentTarget.select()} />
      </label>
      <div class="share">
        <QrCode value={link} />
        <div class="share-side">
          <CopyButton value={link} />
          {isPrivate ? (
            <button type="button" class="button" aria-describedby="share-moves" onClick={() => goToRoom(open)}>
              {text.toOpen}
            </button>
          ) : (
            <button type="button" class="button" aria-describedby="share-moves" onClick={() => goToRoom({ ...room, secret: newSecret() })}>
              {text.make}
            </button>
          )}
          <p class="hint" id="share-moves">
            {text.moves}
          </p>
        </div>
      </div>
      {isLocal() && <p class="hint">{text.local}</p>}
      <ConnectionSettings room={room} onApply={goToRoom} />
    </Panel>
  );
}
