import { WireError } from "../../wire/codec.ts";
import type { PeerId } from "../../wire/ids.ts";
import { due } from "../due.ts";
import { runningGroups } from "../hosts.ts";
import { LIMITS } from "../limits.ts";
import type { Above, Word } from "../message.ts";
import { fellowStand, frozenAmong, groupsIn, present, rootsIn, setOf } from "../peers.ts";
import { oneHonest, quorum, type Hash } from "../record.ts";
import type { SwarmState } from "../state.ts";
import { decodeNodePart, encodeNodePart, type NodePart } from "./node.ts";
import { boundOf, decodePart, encodePart, type Part } from "./part.ts";
import { nodesStated, partsStated } from "./stating.ts";
import type { Tier } from "./tier.ts";

/**
 * A sum of sums: of a node's groups (`GROUPS`), or of the room's nodes (`NODES`). How it is agreed on and added up is
 * the same (agree.ts, totals.ts); who has a say differs: a group speaks by its contributors, a node by those of its
 * speakers that contributed.
 */
export interface Stage<P> {
  /** As what its parts are asked for. */
  what: "part" | "node";
  tier(s: SwarmState): Tier<P> | null;
  put(s: SwarmState, tier: Tier<P>): void;
  /** What a device that stands on the same head says at this stage. */
  said(s: SwarmState, peer: PeerId): Pick<Word, "part" | "cut" | "signed"> | undefined;
  /** Whose words say something here, this device not included. */
  heard(s: SwarmState): readonly PeerId[];
  /** What this device is of, what of is a device, and of which a part. */
  own(s: SwarmState): number;
  unitOf(s: SwarmState, peer: PeerId): number;
  unitIn(part: P): number;
  /** Those that may still come to this round, as far as this device can see. */
  coming(s: SwarmState): number[];
  voters(part: P): readonly PeerId[];
  /** Whose updates are in it, how many. */
  devices(part: P): number;
  squares(part: P): readonly number[];
  digests(part: P): readonly Hash[];
  /** Its values are within ±this. */
  bound(s: SwarmState, part: P): number;
  /** How many of those who have a say in it were frozen. */
  weight(s: SwarmState, part: P): number;
  /** Whether those who have a say in it may: most who were frozen for that, until they are held to be gone; where none were, whoever founded it. @param since when the own part was there */
  counts(s: SwarmState, part: P, since: number): boolean;
  /** Devices of all units that were frozen, and of one. */
  due(s: SwarmState): number;
  dueOf(s: SwarmState, unit: number): number;
  /** Whether those who have lost most of them may go on: not among nodes, of which two and two would go on apart. */
  mayGoOn: boolean;
  encode(part: P): Uint8Array<ArrayBuffer>;
  decode(bytes: Uint8Array): P;
  /** @throws WireError where no honest device of this round made it */
  check(s: SwarmState, part: P): void;
}

/** Those who were frozen may be gone for good: after two deadlines whoever is here goes on. */
export const areGone = (s: SwarmState, since: number): boolean => due(s, since + LIMITS.reformAfter);

const isMost = (count: number, frozen: number): boolean => frozen === 0 || 2 * count > frozen;

const all = (count: number): number[] => Array.from({ length: count }, (_, unit) => unit);

/** Whether most of a group's frozen members may still come to a part: they are there, and have not said that they do nothing. */
function mayCertify(s: SwarmState, group: number): boolean {
  const members = groupsIn(s).membersOf(group);
  if (members.length === 0) return runningGroups(s).has(group);
  return 2 * members.filter((peer) => present(s, peer) && fellowStand(s, peer)?.busy !== false).length > members.length;
}

export const GROUPS: Stage<Part> = {
  what: "part",
  tier: (s) => s.round.tier,
  put(s, tier) {
    s.round = { ...s.round, tier };
  },
  said: (s, peer) => fellowStand(s, peer) ?? undefined,
  heard: partsStated,
  own: (s) => groupsIn(s).of(s.config.self),
  unitOf: (s, peer) => groupsIn(s).of(peer),
  unitIn: ({ group }) => group,
  coming: (s) => all(groupsIn(s).count).filter((group) => mayCertify(s, group)),
  voters: ({ contributors }) => contributors,
  devices: ({ contributors }) => contributors.length,
  squares: ({ squares }) => squares,
  digests: ({ digests }) => digests,
  bound: (s, { contributors }) => boundOf(s.config, contributors.length),
  weight: (s, { contributors }) => frozenAmong(s, contributors),
  counts(s, { group, contributors }, since) {
    if (areGone(s, since)) return true;
    const groups = groupsIn(s);
    // Among nodes its speakers see to it that a node has one part: who is seen to be gone is not waited for.
    const frozen = groups.nodes === 1 ? groups.members(group) : groups.membersOf(group).filter((peer) => present(s, peer) || contributors.includes(peer)).length;
    return isMost(frozenAmong(s, contributors), frozen);
  },
  due: (s) => groupsIn(s).frozen.length,
  dueOf: (s, group) => groupsIn(s).members(group),
  mayGoOn: true,
  encode: encodePart,
  decode: decodePart,
  check(s, part) {
    const groups = groupsIn(s);
    if (part.root !== s.head.root || part.contributors.some((peer) => groups.of(peer) !== part.group)) throw new WireError("malformed", "a part of another round, or of devices of other groups");
  },
};

/** What a device that stands on the same head says for its node. */
export const aboveOf = (s: SwarmState, peer: PeerId): Above | undefined => fellowStand(s, peer)?.above;

/** Those of the own node who have a say in this round, once its sum is there. */
export const votersHere = ({ round: { upper } }: SwarmState): readonly PeerId[] => (upper ? upper.parts.get(upper.own)!.voters : []);

export const speaks = (s: SwarmState): boolean => votersHere(s).includes(s.config.self);

/** How many of this node's voters speak for it: a quorum of those who are still there, and so many of all that one is honest. */
export const enoughHere = (s: SwarmState): number => {
  const voters = votersHere(s);
  return Math.max(quorum(voters.filter((peer) => present(s, peer)).length), oneHonest(voters.length));
};

/** Whether enough of those who speak for some node stand on this root: of those who committed it a device may hear no others. */
export function isHeld(s: SwarmState, root: Hash): boolean {
  if (!rootsIn(s.places).has(root)) return false;
  const standing = (peers: readonly PeerId[]): number => peers.filter((peer) => s.places.get(peer)?.root === root).length;
  return (s.round.upper !== null && standing(votersHere(s)) >= enoughHere(s)) || s.head.roll.rows.some(({ speakers }) => speakers.length > 0 && standing(speakers) >= quorum(speakers.length));
}

/** Who was frozen to speak for a node. */
const speakersIn = (s: SwarmState, node: number): readonly PeerId[] => s.head.roll.rows[node]?.speakers ?? [];

function frozenVoters(s: SwarmState, { node, voters }: NodePart): number {
  const speakers = setOf(speakersIn(s, node));
  return voters.filter((peer) => speakers.has(peer)).length;
}

export const NODES: Stage<NodePart> = {
  what: "node",
  tier: (s) => s.round.upper,
  put(s, upper) {
    s.round = { ...s.round, upper };
  },
  said: aboveOf,
  heard: nodesStated,
  own: (s) => groupsIn(s).node,
  unitOf: (s, peer) => groupsIn(s).nodeOf(peer),
  unitIn: ({ node }) => node,
  coming: (s) => all(groupsIn(s).nodes),
  voters: ({ voters }) => voters,
  devices: ({ contributors }) => contributors.count,
  squares: ({ squares }) => squares,
  digests: ({ digests }) => digests,
  bound: (_, { bound }) => bound,
  weight: (s, part) => frozenVoters(s, part),
  // Of others who speak for it as many are needed, so that a few cannot make up a node; those who have so many of the
  // frozen ones among them that one is honest are believed soon.
  counts(s, part, since) {
    const { length: frozen } = speakersIn(s, part.node);
    const stayed = frozenVoters(s, part);
    if (isMost(stayed, frozen)) return true;
    return isMost(part.voters.length, frozen) && (stayed >= oneHonest(frozen) ? due(s, since + LIMITS.openAtLeast) : areGone(s, since));
  },
  due: (s) => s.head.record.members.count,
  dueOf: (s, node) => s.head.roll.rows[node]?.members.count ?? 0,
  mayGoOn: false,
  encode: encodeNodePart,
  decode: decodeNodePart,
  check(s, part) {
    const { nodes, nodeOf } = groupsIn(s);
    if (part.root !== s.head.root || part.node >= nodes || part.contributors.count > LIMITS.groups * LIMITS.members || part.voters.some((peer) => nodeOf(peer) !== part.node)) throw new WireError("malformed", "a node's part of another round, or of devices that do not speak for it");
  },
};
