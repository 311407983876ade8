import { WireError } from "../wire/codec.ts";
import { PEER_ID_BYTES, peerIdBytes, peerIdOf, type PeerId } from "../wire/ids.ts";

/** First byte of what the committee's business sends; the round protocol's begin with others. */
export const REGISTRY_BYTE = 0x40;

export const TAG_BYTES = 32;

/**
 * What devices say to each other of the committee: a byte for the kind, then the fields in this order.
 * `carry` asks a peer to have something answered by a member, in its own name; `carried` is that peer's asking, and
 * `answered` and `returned` are the same way back.
 */
const KINDS = {
  "key-generation": [],
  announcement: [],
  ask: [],
  answer: [],
  counts: [],
  misissue: [],
  revocations: [],
  carry: ["peer", "tag", "open"],
  carried: ["tag", "device"],
  answered: ["tag"],
  returned: ["tag"],
} as const satisfies Record<string, readonly ("peer" | "tag" | "device" | "open")[]>;

export type RegistryKind = keyof typeof KINDS;

export interface RegistryMessage {
  kind: RegistryKind;
  /** The member that is meant. */
  peer?: PeerId;
  /** 32 bytes that name one exchange. */
  tag?: Uint8Array;
  /** The device for which an open request is made; all zero where it is sealed and nobody's. */
  device?: PeerId;
  /** Whether the request is open, in the sender's name, or sealed, in nobody's. */
  open?: boolean;
  body: Uint8Array;
}

export const NOBODY = "0".repeat(2 * PEER_ID_BYTES) as PeerId;

const NAMES = Object.keys(KINDS) as RegistryKind[];
const SIZES = { peer: PEER_ID_BYTES, device: PEER_ID_BYTES, tag: TAG_BYTES, open: 1 } as const;

export function encodeRegistry(message: RegistryMessage): Uint8Array<ArrayBuffer> {
  const fields = KINDS[message.kind];
  const bytes = new Uint8Array(2 + fields.reduce((sum, field) => sum + SIZES[field], 0) + message.body.length);
  bytes[0] = REGISTRY_BYTE;
  bytes[1] = NAMES.indexOf(message.kind);
  let at = 2;
  for (const field of fields) {
    if (field === "open") bytes[at] = message.open ? 1 : 0;
    else bytes.set(field === "tag" ? message.tag! : peerIdBytes(message[field]!), at);
    at += SIZES[field];
  }
  bytes.set(message.body, at);
  return bytes;
}

/** @throws WireError */
export function decodeRegistry(bytes: Uint8Array): RegistryMessage {
  const kind = NAMES[bytes[1] ?? 255];
  if (bytes[0] !== REGISTRY_BYTE || kind === undefined) throw new WireError("malformed", "not a message of the committee's business");
  const message: RegistryMessage = { kind, body: new Uint8Array() };
  let at = 2;
  for (const field of KINDS[kind]) {
    const part = bytes.subarray(at, (at += SIZES[field]));
    if (part.length !== SIZES[field]) throw new WireError("malformed", `a ${kind} message that ends early`);
    if (field === "tag") message.tag = part.slice();
    else if (field === "open") message.open = part[0] === 1;
    else message[field] = peerIdOf(part);
  }
  return { ...message, body: bytes.slice(at) };
}
