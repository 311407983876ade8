import * as v from "valibot";
import { codec } from "../wire/codec.ts";
import { PEER_ID_BYTES, peerIdBytes, peerIdOf, type PeerId } from "../wire/ids.ts";
import { HYPARVIEW_LIMITS, SWIM_LIMITS } from "./limits.ts";

export const STATUSES = ["alive", "suspect", "dead"] as const;
export type Status = (typeof STATUSES)[number];

/**
 * `alive` is passed on as heard. `suspect` and `dead` are only ever said by who found it so itself: its own
 * pings were not answered.
 */
export interface Update {
  readonly peer: PeerId;
  readonly status: Status;
  /** Of `peer`; only it raises it, to answer a suspicion. */
  readonly incarnation: number;
}

/** A helper says `asking` at once, which shows the asker that itself is heard, and `reached` if there is an answer. */
export type SwimKind = "ping" | "ack" | "gossip" | "ping-req" | "reached" | "asking";

export interface SwimMessage {
  readonly kind: SwimKind;
  /** The sender's own. */
  readonly incarnation: number;
  /** Whom `ping-req`, `asking` and `reached` are about; null in the others. */
  readonly peer: PeerId | null;
  readonly updates: readonly Update[];
}

export type HyParViewMessage =
  /** A newcomer to its contact. */
  | { readonly kind: "join" }
  /** A newcomer's walk, passed on by neighbours. */
  | { readonly kind: "forward-join"; readonly peer: PeerId; readonly hops: number }
  /** Asks to be a neighbour; who asks urgently has none. */
  | { readonly kind: "neighbour"; readonly urgent: boolean }
  | { readonly kind: "neighbour-reply"; readonly accepted: boolean }
  | { readonly kind: "disconnect" }
  | { readonly kind: "shuffle"; readonly origin: PeerId; readonly hops: number; readonly peers: readonly PeerId[] }
  | { readonly kind: "shuffle-reply"; readonly peers: readonly PeerId[] };

/** First bytes of what membership sends; the library's begin with 0x50 to 0x52. */
const SWIM = 0x60;
const HYPARVIEW = 0x61;

export const isSwim = (bytes: Uint8Array): boolean => bytes[0] === SWIM;
export const isHyParView = (bytes: Uint8Array): boolean => bytes[0] === HYPARVIEW;

const Peer = v.pipe(v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === PEER_ID_BYTES, `not ${PEER_ID_BYTES} bytes`), v.transform(peerIdOf));
/** Below 2^48, so that it may begin at a clock's reading. */
const Incarnation = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 48 - 1));
const once = <T>(items: readonly T[]): boolean => new Set(items).size === items.length;

const swimFields = {
  i: Incarnation,
  u: v.pipe(
    v.array(v.strictTuple([v.picklist([0, 1, 2]), Peer, Incarnation])),
    v.maxLength(SWIM_LIMITS.updates),
    v.check((updates) => once(updates.map(([, peer]) => peer)), "a member named twice"),
  ),
};
const swim = codec(
  SWIM,
  v.variant("k", [v.strictObject({ k: v.picklist(["ping", "ack", "gossip"]), ...swimFields }), v.strictObject({ k: v.picklist(["ping-req", "reached", "asking"]), p: Peer, ...swimFields })]),
  SWIM_LIMITS.messageBytes,
);

export function encodeSwim({ kind, incarnation, peer, updates }: SwimMessage): Uint8Array<ArrayBuffer> {
  const u = updates.map((update): [0 | 1 | 2, Uint8Array, number] => [STATUSES.indexOf(update.status) as 0 | 1 | 2, peerIdBytes(update.peer), update.incarnation]);
  switch (kind) {
    case "ping":
    case "ack":
    case "gossip":
      return swim.encode({ k: kind, i: incarnation, u });
    case "ping-req":
    case "reached":
    case "asking":
      if (peer === null) throw new RangeError(`a ${kind} is about somebody`);
      return swim.encode({ k: kind, p: peerIdBytes(peer), i: incarnation, u });
  }
}

/** @throws WireError */
export function decodeSwim(bytes: Uint8Array): SwimMessage {
  const got = swim.decode(bytes);
  const updates = got.u.map(([status, peer, incarnation]): Update => ({ peer, status: STATUSES[status], incarnation }));
  return { kind: got.k, incarnation: got.i, peer: "p" in got ? got.p : null, updates };
}

const hops = (most: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(most));
const Peers = v.pipe(v.array(Peer), v.maxLength(HYPARVIEW_LIMITS.shuffleActive + HYPARVIEW_LIMITS.shufflePassive + 1), v.check(once, "a peer named twice"));

const hyParView = codec(
  HYPARVIEW,
  v.variant("k", [
    v.strictObject({ k: v.picklist(["join", "disconnect"]) }),
    v.strictObject({ k: v.literal("forward-join"), p: Peer, h: hops(HYPARVIEW_LIMITS.activeWalk) }),
    v.strictObject({ k: v.literal("neighbour"), x: v.boolean() }),
    v.strictObject({ k: v.literal("neighbour-reply"), x: v.boolean() }),
    v.strictObject({ k: v.literal("shuffle"), p: Peer, h: hops(HYPARVIEW_LIMITS.shuffleWalk), s: Peers }),
    v.strictObject({ k: v.literal("shuffle-reply"), s: Peers }),
  ]),
  HYPARVIEW_LIMITS.messageBytes,
);

export function encodeHyParView(message: HyParViewMessage): Uint8Array<ArrayBuffer> {
  switch (message.kind) {
    case "join":
    case "disconnect":
      return hyParView.encode({ k: message.kind });
    case "forward-join":
      return hyParView.encode({ k: message.kind, p: peerIdBytes(message.peer), h: message.hops });
    case "neighbour":
      return hyParView.encode({ k: message.kind, x: message.urgent });
    case "neighbour-reply":
      return hyParView.encode({ k: message.kind, x: message.accepted });
    case "shuffle":
      return hyParView.encode({ k: message.kind, p: peerIdBytes(message.origin), h: message.hops, s: message.peers.map(peerIdBytes) });
    case "shuffle-reply":
      return hyParView.encode({ k: message.kind, s: message.peers.map(peerIdBytes) });
  }
}

/** @throws WireError */
export function decodeHyParView(bytes: Uint8Array): HyParViewMessage {
  const got = hyParView.decode(bytes);
  switch (got.k) {
    case "join":
    case "disconnect":
      return { kind: got.k };
    case "forward-join":
      return { kind: got.k, peer: got.p, hops: got.h };
    case "neighbour":
      return { kind: got.k, urgent: got.x };
    case "neighbour-reply":
      return { kind: got.k, accepted: got.x };
    case "shuffle":
      return { kind: got.k, origin: got.p, hops: got.h, peers: got.s };
    case "shuffle-reply":
      return { kind: got.k, peers: got.s };
  }
}
