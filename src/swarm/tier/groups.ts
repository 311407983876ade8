import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { peerIdBytes, type PeerId } from "../../wire/ids.ts";
import { endsEpoch } from "../epoch.ts";
import { LIMITS } from "../limits.ts";
import type { CommitRecord, Hash } from "../record.ts";
import type { Commit, Roll } from "../roll.ts";
import type { SwarmConfig } from "../state.ts";

/**
 * Who sums with whom. Devices stand on a circle by SHA-256(draw ‖ id), and a group is an arc of it, so that a newcomer
 * changes one group and no other. What is drawn from is the root that the epoch began with: nobody knew it before
 * the sum under it was opened, so nobody can choose a name for the sake of a group. A large room's circle is cut into
 * equal arcs first, its nodes, each with groups of its own: a device knows those of its own node, and of the others
 * who speaks for them. Where there are more arcs than can be in a round, the devices of the first ones are, in this
 * epoch, and the others rest: the draw makes them a sample of the room.
 */
export interface Groups {
  /** Whether the room is one group. */
  alone: boolean;
  nodes: number;
  arcs: number;
  /** In which node this device is, and how many groups that has. */
  node: number;
  count: number;
  /** That node's frozen list; empty where there is none, or this device has not been given it. */
  frozen: readonly PeerId[];
  /** From `nodes` on: it rests. */
  nodeOf(peer: PeerId): number;
  /** @returns its group, from 0; below 0 in another node than this device */
  of(peer: PeerId): number;
  /** Those of the frozen list that are of a group; and how many. */
  membersOf(group: number): readonly PeerId[];
  members(group: number): number;
}

/** ⌊n / least⌋ groups of `least` to 2 · least − 1 devices. */
export const groupsFor = (devices: number, least: number): number => Math.min(LIMITS.groups, Math.max(1, Math.floor(devices / least)));

export type Sizes = Pick<SwarmConfig, "groupSize" | "roomGroups" | "nodeGroups" | "cohortNodes">;

/** One node as long as it holds them; then arcs of `nodeGroups` groups or fewer each, but for the chance of the draw, of which so many are nodes as can be in a round. */
export function nodesFor(devices: number, { groupSize, roomGroups, nodeGroups, cohortNodes }: Sizes): Pick<CommitRecord, "nodes" | "arcs"> {
  const arcs = devices <= groupSize * roomGroups ? 1 : Math.min(LIMITS.arcs, 2 ** Math.max(1, Math.ceil(Math.log2(devices / (groupSize * nodeGroups)))));
  return { arcs, nodes: Math.min(arcs, cohortNodes, LIMITS.nodes) };
}

/** What the groups of the rounds after this commit are drawn from. */
export const drawOf = (root: Hash, record: CommitRecord, epochRounds: number): Hash => (endsEpoch(record.round, epochRounds) ? root : record.draw);

const CIRCLE = 2 ** 48;

/** How a room's circle is cut into equal arcs for an epoch. */
export interface Cut {
  draw: Hash;
  /** At least 2. */
  arcs: number;
}

/** Null where it is not cut. */
export const cutAfter = ({ root, record }: Pick<Commit, "root" | "record">, epochRounds: number): Cut | null => (record.arcs === 1 ? null : { draw: drawOf(root, record, epochRounds), arcs: record.arcs });

/** In which arc a device of that name is, from 0. */
export function arcIn({ draw, arcs }: Cut): (peer: PeerId) => number {
  const placeOf = circleOf(draw);
  return (peer) => Math.floor(placeOf(peer) / (CIRCLE / arcs));
}

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

/** Places by draw, of the last few: an epoch has one, and asks for them again after each commit. */
const circles = new Map<Hash, Map<PeerId, number>>();
const CIRCLES = 4;

function circleOf(draw: Hash): (peer: PeerId) => number {
  const known = circles.get(draw) ?? new Map<PeerId, number>();
  circles.delete(draw);
  circles.set(draw, known);
  if (circles.size > CIRCLES) circles.delete(circles.keys().next().value!);
  const bytes = hexToBytes(draw);
  return (peer) => {
    const at = known.get(peer) ?? place(bytes, peer);
    known.set(peer, at);
    return at;
  };
}

interface Drawn {
  placeOf(peer: PeerId): number;
  nodeOf(peer: PeerId): number;
  /** As the devices of each node see it, with the roll that they have. */
  seen: Map<number, { roll: Roll; groups: Groups }>;
}

const drawn = new WeakMap<CommitRecord, Drawn>();

/** Near-equal runs of the frozen list; where there is none, equal arcs. */
export function groupsAfter(head: Commit, config: Pick<SwarmConfig, "self" | "epochRounds">): Groups {
  const circle = drawn.get(head.record) ?? drawnFrom(head, config);
  drawn.set(head.record, circle);
  const node = circle.nodeOf(config.self);
  const before = circle.seen.get(node);
  if (before?.roll === head.roll) return before.groups;
  const groups = groupsOf(head, circle, node);
  circle.seen.set(node, { roll: head.roll, groups });
  return groups;
}

function drawnFrom({ root, record }: Commit, { epochRounds }: Pick<SwarmConfig, "epochRounds">): Drawn {
  const cut = cutAfter({ root, record }, epochRounds);
  return { placeOf: circleOf(drawOf(root, record, epochRounds)), nodeOf: cut ? arcIn(cut) : () => 0, seen: new Map() };
}

function groupsOf({ record, roll }: Commit, { placeOf, nodeOf }: Drawn, node: number): Groups {
  const { nodes, arcs } = record;
  const arc = CIRCLE / arcs;
  const row = roll.rows[node];
  const frozen = roll.node === node && roll.rows.length <= nodes ? roll.members : [];
  const count = row && row.members.count > 0 ? row.groups : record.groups;
  const sorted = count > 1 ? frozen.map(placeOf).sort((a, b) => a - b) : [];
  // Where each group but the first begins.
  const starts = Array.from({ length: count - 1 }, (_, group) => sorted[Math.floor(((group + 1) * sorted.length) / count)] ?? arc * (node + (group + 1) / count));
  const found = new Map<PeerId, number>();
  const find = (peer: PeerId): number => {
    const other = nodeOf(peer);
    if (other !== node) return -1 - other;
    const next = starts.findIndex((start) => placeOf(peer) < start);
    return next < 0 ? count - 1 : next;
  };
  let lists: PeerId[][] | null = null;
  const groups: Groups = {
    alone: arcs === 1 && count === 1,
    nodes,
    arcs,
    node,
    count,
    frozen,
    nodeOf,
    membersOf(group) {
      if (lists === null) {
        lists = Array.from({ length: count }, () => []);
        for (const peer of frozen) lists[groups.of(peer)]?.push(peer);
      }
      return lists[group] ?? [];
    },
    members: (group) => groups.membersOf(group).length,
    of(peer) {
      if (groups.alone) return 0;
      const group = found.get(peer) ?? find(peer);
      found.set(peer, group);
      return group;
    },
  };
  return groups;
}
