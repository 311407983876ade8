import type { PeerId } from "../wire/ids.ts";
import { due } from "./due.ts";
import { LIMITS } from "./limits.ts";
import { groupsIn, newest, setOf } from "./peers.ts";
import { quorum } from "./record.ts";
import type { Place, SwarmState } from "./state.ts";
import { isHeld } from "./tier/stage.ts";

/** A heavier lineage than this device's, and who says to stand on it. */
export interface Claim extends Place {
  peers: readonly PeerId[];
}

/**
 * The heavier lineage wins when two meet. Ties go to the later round, for a refused one weighs nothing, and to the lower
 * root, so that all decide alike.
 */
const heavier = (a: Place, b: Place): boolean => (a.weight === b.weight ? (a.round === b.round ? a.root < b.root : a.round > b.round) : a.weight > b.weight);

/** Claims, and what they followed from. */
export interface ClaimsKnown {
  from: Pick<SwarmState, "places" | "reachable" | "head" | "doubted">;
  claims: readonly Claim[];
}

/** What others say that is heavier, one claim a root and weight. It is asked for at every step, and seldom changes. */
export function claimsIn(s: SwarmState): readonly Claim[] {
  const { places, reachable, head, doubted } = s;
  const from = s.claims?.from;
  if (from?.places === places && from.reachable === reachable && from.head === head && from.doubted === doubted) return s.claims!.claims;
  const claims = findClaims(s);
  s.claims = { from: { places, reachable, head, doubted }, claims };
  return claims;
}

/** Those that can be reached, and of other nodes, over whom nobody here watches, whoever said where it stands. */
export function inSight(s: SwarmState): readonly PeerId[] {
  const { nodes, node, nodeOf } = groupsIn(s);
  if (nodes === 1) return s.reachable;
  const reachable = setOf(s.reachable);
  return [...s.reachable, ...[...s.places.keys()].filter((peer) => nodeOf(peer) !== node && !reachable.has(peer))];
}

function findClaims(s: SwarmState): Claim[] {
  const { root, record: { weight, round } } = s.head;
  const own: Place = { root, weight, round };
  const claims = new Map<string, Claim & { peers: PeerId[] }>();
  for (const peer of inSight(s)) {
    const said = s.places.get(peer);
    if (said === undefined || !heavier(said, own) || s.doubted.includes(peer)) continue;
    const key = `${said.root} ${said.weight} ${said.round}`;
    const claim = claims.get(key);
    if (claim) claim.peers.push(peer);
    else claims.set(key, { root: said.root, weight: said.weight, round: said.round, peers: [peer] });
  }
  return [...claims.values()];
}

/** Whether more say so than may lie: a third of those who are heard. */
function isWide(s: SwarmState, claim: Claim): boolean {
  const heard = 1 + inSight(s).filter((peer) => newest(s, peer) !== undefined).length;
  return claim.peers.length > heard - quorum(heard);
}

/** Whether a claim may be a lie, and this device has a model of its own to lose by it. */
export const isDoubtful = (s: SwarmState, claim: Claim): boolean => s.head.record.weight > 0 && !isWide(s, claim) && !isHeld(s, claim.root);

/** The heaviest that more claim than may lie; else that two confirm, or, where there is but one or after a while, one. */
export function leading(s: SwarmState, claims: readonly Claim[]): Claim | null {
  const wide = claims.filter((claim) => isWide(s, claim));
  const patience = s.behindSince !== null && due(s, s.behindSince + LIMITS.agreeAtMost);
  const needed = patience ? 1 : Math.min(2, claims.reduce((count, { peers }) => count + peers.length, 0));
  const eligible = wide.length > 0 ? wide : claims.filter(({ peers }) => peers.length >= needed);
  return eligible.reduce<Claim | null>((best, claim) => (best === null || heavier(claim, best) ? claim : best), null);
}

/** Whether this device only waits to take over what others have: it begins no round meanwhile. */
export const trails = (s: SwarmState): boolean => s.behindSince !== null && !s.sync?.doubtful;
