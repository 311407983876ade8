import type { PeerId } from "../wire/ids.ts";
import { due } from "./due.ts";
import { LIMITS } from "./limits.ts";
import { ascending, groupsIn } from "./peers.ts";
import type { Hash } from "./record.ts";
import type { SwarmState } from "./state.ts";
import { someOf } from "./tier/groups.ts";
import { aboveOf, votersHere } from "./tier/stage.ts";

/** Those who speak for a node in this round, as far as this device can tell. */
export function speakersOf(s: SwarmState, node: number): readonly PeerId[] {
  const frozen = s.head.roll.rows[node]?.speakers ?? [];
  return frozen.length > 0 ? frozen : guess(s, node);
}

const guessed = new WeakMap<readonly PeerId[], { root: Hash; of: Map<number, readonly PeerId[]> }>();

/** Where none were frozen, or none of them speaks: as many as it knows of, drawn by the head's root. */
function guess(s: SwarmState, node: number): readonly PeerId[] {
  const before = guessed.get(s.reachable);
  const { of } = before?.root === s.head.root ? before : { of: new Map<number, readonly PeerId[]>() };
  guessed.set(s.reachable, { root: s.head.root, of });
  const { nodeOf } = groupsIn(s);
  const speakers = of.get(node) ?? someOf(s.reachable.filter((peer) => nodeOf(peer) === node).sort(), s.config.speakers, s.head.root);
  of.set(node, speakers);
  return speakers;
}

/**
 * Whom to turn to in another node. Nobody says here who of it is gone: who spoke in this round was there a moment ago,
 * and who did in the last one not long ago.
 */
export function contactsIn(s: SwarmState, node: number): { peers: readonly PeerId[]; spoke: boolean } {
  const { nodeOf } = groupsIn(s);
  const now = [...s.stands.keys()].filter((peer) => nodeOf(peer) === node && aboveOf(s, peer));
  if (now.length > 0) return { peers: ascending(now), spoke: true };
  const all = isSilent(s) ? guess(s, node) : speakersOf(s, node);
  const before = all.filter((peer) => s.past?.heard.includes(peer));
  return { peers: before.length > 0 ? before : all, spoke: false };
}

/** Whether this device has waited so long for other nodes that those who were to speak for one may be gone. */
const isSilent = (s: SwarmState): boolean => s.round.upper !== null && due(s, s.round.upper.since + LIMITS.reformAfter);

/** Whose words for the node are handed on to the others: those who speak in this round, or spoke in the last one, for it ends there first or here. */
export const ringAbove = (s: SwarmState): readonly PeerId[] => (s.round.upper ? votersHere(s) : (s.past?.voters ?? []));

export const spokeHere = (s: SwarmState): boolean => ringAbove(s).includes(s.config.self);

/** The same of the own node, this device not included; between two rounds those of both. */
export function speakersHere(s: SwarmState): readonly PeerId[] {
  const known = votersHere(s);
  return ascending(known.length > 0 ? known : [...ringAbove(s), ...speakersOf(s, groupsIn(s).node)]).filter((peer) => peer !== s.config.self);
}
