import { useSignal } from "@preact/signals";
import type { Room } from "../../device/api.ts";
import { messages } from "../i18n.ts";
import { checkIceServer, checkRelay, checkServer, LinkError } from "../join-link.ts";

const FIELDS = ["server", "stun", "turn", "turnUser", "turnPassword"] as const;
type Field = (typeof FIELDS)[number];

const urlOf = (room: Room, scheme: string): RTCIceServer | undefined => room.iceServers.find(({ urls }) => typeof urls === "string" && urls.startsWith(scheme));

/** The addresses as people type them: the scheme may be left out. */
const withScheme = (text: string, scheme: "stun" | "turn"): string => (/^(stun|turn)s?:/.test(text) ? text : `${scheme}:${text}`);

/** @throws LinkError when a field cannot be used */
function toRoom(room: Room, fields: Record<Field, string>, relayOnly: boolean): Room {
  const iceServers: RTCIceServer[] = [];
  if (fields.stun !== "") iceServers.push(checkIceServer({ urls: withScheme(fields.stun, "stun") }));
  if (fields.turn !== "") iceServers.push(checkIceServer({ urls: withScheme(fields.turn, "turn"), username: fields.turnUser, credential: fields.turnPassword }));
  return checkRelay({ ...room, server: checkServer(fields.server), iceServers, relayOnly });
}

/** STUN, TURN and room server for everybody in the room; they are put into its link. */
export function ConnectionSettings({ room, onApply }: { room: Room; onApply: (room: Room) => void }) {
  const text = messages.value.share;
  const turn = urlOf(room, "turn");
  const fields = useSignal<Record<Field, string>>({
    server: room.server,
    stun: String(urlOf(room, "stun")?.urls ?? ""),
    turn: String(turn?.urls ?? ""),
    turnUser: turn?.username ?? "",
    turnPassword: turn?.credential ?? "",
  });
  const relay = useSignal(room.relayOnly);
  const wrong = useSignal<LinkError["part"] | null>(null);
  const apply = (event: Event): void => {
    event.preventDefault();
    try {
      onApply(toRoom(room, fields.value, relay.value));
    } catch (cause) {
      if (!(cause instanceof LinkError)) throw cause;
      wrong.value = cause.part;
    }
  };
  const examples: Partial<Record<Field, string>> = { server: "wss://example.org/signal", stun: "stun:example.org:3478", turn: "turn:example.org:3478" };
  return (
    <details>
      <summary>{text.settings}</summary>
      <form class="settings" onSubmit={apply} autocomplete="off">
        <p class="hint">{text.settingsHint}</p>
        {FIELDS.map((field) => (
          <label key={field} class="field">
            <span>{text[field]}</span>
            <input
              type="text"
              dir="ltr"
              spellcheck={false}
              autocapitalize="off"
              placeholder={examples[field] ?? ""}
              value={fields.value[field]}
              onInput={(event) => (fields.value = { ...fields.value, [field]: event.currentTarget.value.trim() })}
            />
          </label>
        ))}
        <label class="option">
          <input type="checkbox" checked={relay.value} onChange={(event) => (relay.value = event.currentTarget.checked)} />
          <span>{text.relay}</span>
        </label>
        {wrong.value !== null && (
          <p class="hint wrong" role="alert">
            {text.wrong} {text.wrongPart[wrong.value]}
          </p>
        )}
        <button type="submit" class="button">
          {text.apply}
        </button>
      </form>
    </details>
  );
}
