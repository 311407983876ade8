import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { peerIdBytes, type PeerId } from "../../wire/ids.ts";
import { endsEpoch } from "../epoch.ts";
import { LIMITS } from "../limits.ts";
import type { CommitRecord, Hash } from "../record.ts";
import type { Commit } from "../roll.ts";

/**
 * Who sums with whom. Devices stand on a circle by SHA-256(draw ‖ id), and a group is an arc of it, so that a newcomer
 * changes one group and no other. What is drawn from is the root that the epoch began with: nobody knew it before
 * the sum under it was opened, so nobody can choose a name for the sake of a group.
 */
export interface Groups {
  count: number;
  /** @returns its group, from 0 */
  of(peer: PeerId): number;
  /** How many of the frozen list a group has. */
  members(group: number): number;
}

/** ⌊n / least⌋ groups of `least` to 2 · least − 1 devices. */
export const groupsFor = (devices: number, least: number): number => Math.min(LIMITS.groups, Math.max(1, Math.floor(devices / least)));

/** What the groups of the rounds after this commit are drawn from. */
export const drawOf = (root: Hash, record: CommitRecord, epochRounds: number): Hash => (endsEpoch(record.round, epochRounds) ? root : record.draw);

const CIRCLE = 2 ** 48;

/** Of 48 bits: exact in a double. */
function place(draw: Uint8Array, peer: PeerId): number {
  const digest = sha256(concatBytes(draw, peerIdBytes(peer)));
  return digest.subarray(0, 6).reduce((number, byte) => number * 256 + byte, 0);
}

/** At most so many, drawn by this root: no name is better than another. @returns ascending, as given */
export function someOf(peers: readonly PeerId[], most: number, root: Hash): PeerId[] {
  if (peers.length <= most) return [...peers];
  const draw = hexToBytes(root);
  const places = new Map(peers.map((peer) => [peer, place(draw, peer)]));
  const nearest = new Set([...peers].sort((a, b) => places.get(a)! - places.get(b)!).slice(0, most));
  return peers.filter((peer) => nearest.has(peer));
}

const drawn = new WeakMap<CommitRecord, Groups>();

/** Near-equal runs of the frozen list; where there is none, equal arcs. */
export function groupsAfter(head: Commit, epochRounds: number): Groups {
  const before = drawn.get(head.record);
  if (before) return before;
  const { groups: count } = head.record;
  const { members } = head.roll;
  const draw = hexToBytes(drawOf(head.root, head.record, epochRounds));
  const places = new Map<PeerId, number>(members.map((peer) => [peer, place(draw, peer)]));
  const sorted = [...places.values()].sort((a, b) => a - b);
  // Where each group but the first begins.
  const starts = Array.from({ length: count - 1 }, (_, group) => sorted[Math.floor(((group + 1) * sorted.length) / count)] ?? ((group + 1) * CIRCLE) / count);
  const known = new Map<PeerId, number>();
  const find = (peer: PeerId): number => {
    const at = places.get(peer) ?? place(draw, peer);
    const next = starts.findIndex((start) => at < start);
    return next < 0 ? count - 1 : next;
  };
  let sizes: number[] | null = null;
  const groups: Groups = {
    count,
    members(group) {
      if (sizes === null) {
        sizes = Array.from({ length: count }, () => 0);
        for (const peer of members) sizes[groups.of(peer)]!++;
      }
      return sizes[group]!;
    },
    of(peer) {
      if (count === 1) return 0;
      const group = known.get(peer) ?? find(peer);
      known.set(peer, group);
      return group;
    },
  };
  drawn.set(head.record, groups);
  return groups;
}
