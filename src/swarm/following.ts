import type { PeerId } from "../wire/ids.ts";
import { due } from "./due.ts";
import type { Effect } from "./events.ts";
import { entryOf, tell } from "./handing-on.ts";
import { LIMITS } from "./limits.ts";
import { encodeMessage, type Stand } from "./message.ts";
import { groupsIn, rests } from "./peers.ts";
import { quorum } from "./record.ts";
import type { SwarmState } from "./state.ts";
import type { Groups } from "./tier/groups.ts";

/**
 * A room that is larger than a round: whoever rests in this epoch follows its commits. Each device that stands on a new
 * head tells those near it who do not, with the words of a quorum of those who spoke for a node, whom the head before
 * names; and they fetch it of whoever told them, and tell others.
 */
export function lead(s: SwarmState, out: Effect[]): void {
  const { arcs, nodes } = groupsIn(s);
  const { what, seq } = s.announced;
  if (arcs === nodes || what?.kind !== "status") return;
  const { root } = s.head;
  const told = s.led.root === root ? s.led.peers : [];
  const untold = followersIn(s).filter((peer) => !told.includes(peer) && s.places.get(peer)?.root !== root);
  if (untold.length === 0) return;
  const proof = proofIn(s);
  if (proof.length === 0 && !due(s, s.round.startedAt + LIMITS.leadAfter)) return;
  s.led = { root, peers: [...told, ...untold] };
  out.push({ type: "tell", to: untold, bytes: encodeMessage({ ...what, seq }) });
  tell(out, untold, proof);
}

const followers = new WeakMap<readonly PeerId[], { groups: Groups; peers: readonly PeerId[] }>();

/** Whoever rests tells all that it has links with; the others tell those of them who rest. */
function followersIn(s: SwarmState): readonly PeerId[] {
  const groups = groupsIn(s);
  const before = followers.get(s.reachable);
  if (before?.groups === groups) return before.peers;
  const all = rests(s) ? s.reachable : s.reachable.filter((peer) => rests(s, peer));
  const peers = all.length <= LIMITS.followers ? all : someFor([...all].sort(), s.config.self);
  followers.set(s.reachable, { groups, peers });
  return peers;
}

/** Others for each device, so that they make a net that reaches all in a few steps. */
function someFor(peers: readonly PeerId[], self: PeerId): PeerId[] {
  const [from, step] = [0, 8].map((digit) => parseInt(self.slice(digit, digit + 8), 16)) as [number, number];
  return Array.from({ length: LIMITS.followers }, (_, i) => peers[(from + i * (1 + (step % (peers.length - 1)))) % peers.length]!);
}

/** The words of a quorum of those who spoke for one node in the last round, and stand on its outcome. */
function proofIn(s: SwarmState): [PeerId, Stand][] {
  for (const { speakers } of s.previous?.roll.rows ?? []) {
    const standing = speakers.flatMap((peer) => entryOf(s, peer)).filter(([, { root }]) => root === s.head.root);
    if (speakers.length > 0 && standing.length >= quorum(speakers.length)) return standing.slice(0, quorum(speakers.length));
  }
  return [];
}
