import type { PeerId } from "../wire/ids.ts";
import { due } from "./due.ts";
import { LIMITS } from "./limits.ts";
import { fellow, groupsIn, near, setOf } from "./peers.ts";
import type { SwarmState } from "./state.ts";
import type { Groups } from "./tier/groups.ts";
import { groupsStated } from "./tier/stating.ts";

/** Groups of this node that are at a round from this head, as far as this device can see. */
export function runningGroups(s: SwarmState): Set<number> {
  const { of, count } = groupsIn(s);
  const running = new Set(groupsStated(s));
  if (s.round.view.length > 0) running.add(of(s.config.self));
  if (running.size === count) return running;
  const nearby = setOf(near(s));
  for (const peer of s.peers.keys()) if (nearby.has(peer) && !running.has(of(peer)) && (fellow(s, peer)?.view.length ?? 0) > 0) running.add(of(peer));
  return running;
}

type Host = (peer: PeerId) => number;

/** In which group a device is, or will be let in: where its own does nothing, the next one that does. */
export function hostsIn(s: SwarmState): Host {
  const groups = groupsIn(s);
  if (groups.alone || (groups.frozen.length > 0 && !due(s, s.round.startedAt + LIMITS.hostAfter))) return groups.of;
  return runningHosts(s, groups);
}

interface Running {
  from: Pick<SwarmState, "head" | "peers" | "reachable"> & { view: readonly PeerId[] };
  host: Host;
}

const running = new WeakMap<SwarmState["stands"], Running>();

/** Found once a step, which asks for them several times. */
function runningHosts(s: SwarmState, groups: Groups): Host {
  const { head, peers, reachable, round: { view } } = s;
  const before = running.get(s.stands);
  if (before && before.from.head === head && before.from.peers === peers && before.from.reachable === reachable && before.from.view === view) return before.host;
  const busy = runningGroups(s);
  const hosts = Array.from({ length: groups.count }, (_, own) => {
    for (let i = 0; i < groups.count; i++) if (busy.has((own + i) % groups.count)) return (own + i) % groups.count;
    return own;
  });
  const host = (peer: PeerId): number => hosts[groups.of(peer)] ?? groups.of(peer);
  running.set(s.stands, { from: { head, peers, reachable, view }, host });
  return host;
}

const audiences = new WeakMap<readonly PeerId[], { host: Host; peers: readonly PeerId[] }>();

/** Who sums with this device, or waits to, itself not included. */
export function audience(s: SwarmState): readonly PeerId[] {
  const host = hostsIn(s);
  const all = near(s);
  const before = audiences.get(all);
  if (before?.host === host) return before.peers;
  const own = host(s.config.self);
  const peers = all.filter((peer) => host(peer) === own);
  audiences.set(all, { host, peers });
  return peers;
}
