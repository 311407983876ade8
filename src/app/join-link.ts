import type { Room } from "../device/api.ts";

/** Bounds of what a link may carry; everything above them is refused unread. */
export const LINK_LIMITS = { characters: 4_096, iceServers: 8, textCharacters: 256 } as const;

/** Where this server answers signalling, next to the page. */
export const SIGNAL_PATH = "/signal";

/** The one error for an address that cannot be followed; `part` says which piece of it is wrong. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  readonly code = "bad-link";
  constructor(
    readonly part: "length" | "key" | "room" | "server" | "ice" | "relay" | "option",
    message: string,
  ) {
    super(message);
  }
}

/** What is needed of `window.location`. */
export interface Place {
  protocol: string;
  host: string;
}

const SECRET = /^[A-Za-z0-9_-]{43}$/;
/** RFC 7064 (stun) and RFC 7065 (turn): scheme, host (name or literal), port, transport. */
const ICE_URL = /^(stun|stuns|turn|turns):(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(:([1-9]\d{0,4}))?(\?transport=(udp|tcp))?$/;

/** The signalling server that served this page. */
export const ownServer = (place: Place): string => `${place.protocol === "https:" ? "wss:" : "ws:"}//${place.host}${SIGNAL_PATH}`;

/** A new private room's secret: 32 random bytes as base64url. */
export function newSecret(random: (bytes: Uint8Array<ArrayBuffer>) => void = (bytes) => void crypto.getRandomValues(bytes)): string {
  const bytes = new Uint8Array(32);
  random(bytes);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** 43 characters hold 258 bits: the last two have to be zero, or two spellings would name one room. */
const isSecret = (text: string): boolean => SECRET.test(text) && "AEIMQUYcgkosw048".includes(text.slice(-1));

/** @throws LinkError `server` */
export function checkServer(text: string): string {
  if (text.length > LINK_LIMITS.textCharacters || !URL.canParse(text)) throw new LinkError("server", "the room server is not an address");
  const url = new URL(text);
  if (url.protocol !== "ws:" && url.protocol !== "wss:") throw new LinkError("server", "the room server's address starts with ws: or wss:");
  if (url.username !== "" || url.password !== "" || url.hash !== "") throw new LinkError("server", "the room server's address holds a name, password or fragment");
  // A content security policy has no way to allow an IPv6 literal (W3C CSP 3, 2.3.1), so the link would lead nowhere.
  if (url.hostname.startsWith("[")) throw new LinkError("server", "the room server needs a name or an IPv4 address");
  return url.href;
}

/** @throws LinkError `ice` */
export function checkIceServer(server: RTCIceServer): RTCIceServer {
  if (typeof server.urls !== "string") throw new LinkError("ice", "a link names one address for each STUN or TURN server");
  const match = ICE_URL.exec(server.urls);
  if (match === null || Number(match[4] ?? 1) > 65_535) throw new LinkError("ice", "a STUN or TURN address looks like stun:host:3478 or turn:host:3478?transport=udp");
  const turn = match[1] === "turn" || match[1] === "turns";
  const { username, credential } = server;
  if (!turn && match[5] !== undefined) throw new LinkError("ice", "a STUN address has no transport");
  if (!turn) {
    if (username !== undefined || credential !== undefined) throw new LinkError("ice", "a STUN server takes no name or password");
    return { urls: server.urls };
  }
  if (!username || !credential) throw new LinkError("ice", "a TURN server needs a name and a password");
  if (username.length > LINK_LIMITS.textCharacters || credential.length > LINK_LIMITS.textCharacters) throw new LinkError("ice", "a TURN name or password is too long");
  return { urls: server.urls, username, credential };
}

/** A server in a link: its address, name and password, each escaped, with `|` between. */
const iceText = ({ urls, username, credential }: RTCIceServer): string =>
  [urls as string, ...(username === undefined ? [] : [username, credential ?? ""])].map(encodeURIComponent).join("|");

function iceOf(text: string): RTCIceServer {
  let parts: string[];
  try {
    parts = text.split("|").map(decodeURIComponent);
  } catch (cause) {
    throw new LinkError("ice", `a STUN or TURN server is badly escaped: ${String(cause)}`);
  }
  const [urls = "", username, credential] = parts;
  if (parts.length !== 1 && parts.length !== 3) throw new LinkError("ice", "a TURN server is an address, a name and a password");
  return checkIceServer({ urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }) });
}

/** @throws LinkError `relay` */
export function checkRelay(room: Room): Room {
  const turn = room.iceServers.some(({ urls }) => typeof urls === "string" && urls.startsWith("turn"));
  if (room.relayOnly && !turn) throw new LinkError("relay", "only relayed links are asked for, but no TURN server is named");
  return room;
}

const single = (query: URLSearchParams, key: string, part: LinkError["part"]): string | null => {
  const values = query.getAll(key);
  if (values.length > 1) throw new LinkError(part, `the link names ${key} more than once`);
  return values[0] ?? null;
};

/**
 * The room of an address's fragment, `#room=…&server=…&ice=…&relay=1`; all parts may be absent, `ice` may repeat.
 * The fragment never reaches a server (RFC 3986, 3.5), so the secret stays between those who have the link.
 * @throws LinkError
 */
export function parseJoinLink(hash: string, place: Place): Room {
  if (hash.length > LINK_LIMITS.characters) throw new LinkError("length", `the link is longer than ${LINK_LIMITS.characters} characters`);
  const query = new URLSearchParams(hash.startsWith("#") ? hash.slice(1) : hash);
  for (const key of query.keys()) {
    if (!["room", "server", "ice", "relay"].includes(key)) throw new LinkError("key", "the link holds a part that this version does not know");
  }
  const secret = single(query, "room", "room");
  if (secret !== null && !isSecret(secret)) throw new LinkError("room", "the room in the link is damaged: it should be 43 letters, digits, - or _");
  const server = single(query, "server", "server");
  const relay = single(query, "relay", "relay");
  if (relay !== null && relay !== "1") throw new LinkError("relay", "relay is 1 or absent");
  const ice = query.getAll("ice");
  if (ice.length > LINK_LIMITS.iceServers) throw new LinkError("ice", `the link names more than ${LINK_LIMITS.iceServers} STUN and TURN servers`);
  return checkRelay({
    ...(secret === null ? {} : { secret }),
    server: server === null ? ownServer(place) : checkServer(server),
    iceServers: ice.map(iceOf),
    relayOnly: relay === "1",
  });
}

/** The fragment that leads to this room from a page at `place`; empty for the server's open room. */
export function formatJoinLink(room: Room, place: Place): string {
  const query = new URLSearchParams();
  if (room.secret !== undefined) query.set("room", room.secret);
  if (room.server !== ownServer(place)) query.set("server", room.server);
  for (const server of room.iceServers) query.append("ice", iceText(checkIceServer(server)));
  if (room.relayOnly) query.set("relay", "1");
  const text = query.toString();
  return text === "" ? "" : `#${text}`;
}
