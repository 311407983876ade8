import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { MESH_LIMITS } from "./limits.ts";

export interface OverlayOptions {
  /** Links a device keeps for the overlay, at least 2; an odd one is taken as one less. */
  degree: number;
  /** Only those: no links for the group on top (a test's way to force relays). */
  forced: boolean;
  group: readonly PeerId[];
  /** Those of other areas. */
  beyond?: readonly PeerId[];
}

/**
 * Whom `self` should be linked with, given who is there: those next to it on some circles, half as many as it keeps
 * links, on each of which the devices stand in another order (a union of random cycles: Law and Siu, INFOCOM 2003). So a
 * few hops lead from any to any, and whoever comes or goes changes one place on each circle. Where the room is cut into
 * areas these are circles of the own one, and two more go through all of the room. Every device finds the same links from
 * the same roster without a word.
 */
export function overlay(self: PeerId, roster: Iterable<PeerId>, options: OverlayOptions): Set<PeerId> {
  if (options.degree < 2) throw new RangeError("an overlay of fewer than 2 links a device falls apart");
  const peers = new Set(roster);
  peers.delete(self);
  const wanted = new Set<PeerId>();
  if (peers.size <= options.degree) {
    for (const peer of peers) wanted.add(peer);
  } else {
    for (let circle = 0; circle < Math.floor(options.degree / 2); circle++) addNeighbours(wanted, self, peers, circle);
  }
  const { beyond = [] } = options;
  if (beyond.length > 0) for (let circle = 0; circle < MESH_LIMITS.wideCircles; circle++) addNeighbours(wanted, self, [...peers, ...beyond], FIRST_WIDE + circle);
  if (options.forced) return wanted;
  // Both ends rank a pair alike, so that where not all fit they mostly leave out the same ones.
  const extra = options.group.filter((peer) => peer !== self && peers.has(peer) && !wanted.has(peer));
  const ranked = extra.map((id) => ({ id, key: pair(self, id) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { id } of ranked.slice(0, Math.max(0, MESH_LIMITS.links - wanted.size))) wanted.add(id);
  return wanted;
}

/** Of a hash, what tells a circle's order from the next one's: enough for fourteen circles. */
const KEY_DIGITS = 4;
/** Of the circles, the first that goes through several areas: those before are of the own one. */
const FIRST_WIDE = 12;

/** The next to it in either direction, on one of the circles. */
function addNeighbours(wanted: Set<PeerId>, self: PeerId, others: Iterable<PeerId>, circle: number): void {
  const order = [...others, self].map((id) => ({ id, key: placeOf(id).slice(KEY_DIGITS * circle) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const at = order.findIndex(({ id }) => id === self);
  for (const by of [1, order.length - 1]) wanted.add(order[(at + by) % order.length]!.id);
}

const hash = (...ids: PeerId[]): string => bytesToHex(sha256(concatBytes(...ids.map(peerIdBytes))));
const pair = (a: PeerId, b: PeerId): string => (a < b ? hash(a, b) : hash(b, a));

/** Asked for each time somebody comes or goes, of everybody. */
const places = new Map<PeerId, string>();

function placeOf(id: PeerId): string {
  const place = places.get(id) ?? hash(id);
  if (places.size >= MESH_LIMITS.topologyEntries) places.clear();
  places.set(id, place);
  return place;
}
