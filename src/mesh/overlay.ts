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
}

/**
 * Steps along the ring of `n` devices that are linked, forward and back: 1, 2, 4 … and, where those run
 * out, the smallest left over, until `degree` links are used. Step 1 is always there, so the ring holds.
 */
export function steps(n: number, degree: number): number[] {
  const half = Math.floor(n / 2);
  const wish: number[] = [];
  for (let step = 1; step <= half; step *= 2) wish.push(step);
  for (let step = 3; step <= half; step++) if ((step & (step - 1)) !== 0) wish.push(step);
  const taken: number[] = [];
  let left = degree;
  for (const step of wish) {
    const cost = step * 2 === n ? 1 : 2;
    if (cost > left) continue;
    taken.push(step);
    left -= cost;
  }
  return taken;
}

/**
 * Whom `self` should be linked with, given who is there. Every device finds the same links from the same
 * roster without a word: the ring's order is that of SHA-256(id).
 */
export function overlay(self: PeerId, roster: Iterable<PeerId>, options: OverlayOptions): Set<PeerId> {
  if (options.degree < 2) throw new RangeError("an overlay of fewer than 2 links a device falls apart");
  const peers = new Set(roster);
  peers.delete(self);
  const wanted = new Set<PeerId>();
  if (peers.size <= options.degree) {
    for (const peer of peers) wanted.add(peer);
  } else {
    const ring = [...peers, self].map((id) => ({ id, key: place(id) })).sort((a, b) => (a.key < b.key ? -1 : 1));
    const n = ring.length;
    const at = ring.findIndex((entry) => entry.id === self);
    for (const step of steps(n, options.degree - (options.degree % 2))) {
      wanted.add(ring[(at + step) % n]!.id);
      wanted.add(ring[(at - step + n) % n]!.id);
    }
  }
  if (options.forced) return wanted;
  // Both ends rank a pair alike, so that where not all fit they mostly leave out the same ones.
  const extra = options.group.filter((peer) => peer !== self && peers.has(peer) && !wanted.has(peer));
  const ranked = extra.map((id) => ({ id, key: pair(self, id) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { id } of ranked.slice(0, Math.max(0, MESH_LIMITS.links - wanted.size))) wanted.add(id);
  return wanted;
}

const hash = (...ids: PeerId[]): string => bytesToHex(sha256(concatBytes(...ids.map(peerIdBytes))));
const place = (id: PeerId): string => hash(id);
const pair = (a: PeerId, b: PeerId): string => (a < b ? hash(a, b) : hash(b, a));
