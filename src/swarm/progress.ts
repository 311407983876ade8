import { runningGroups } from "./hosts.ts";
import { PHASES } from "./phase.ts";
import type { SwarmState } from "./state.ts";
import { fellow } from "./peers.ts";
import { reached } from "./phase.ts";

/** How far the current phase is, 0 to 1, as seen from this device; TRAIN counts its own steps elsewhere. */
export function phaseProgress(s: SwarmState): number {
  const { view, phase, attempt, readyAt, tier, upper } = s.round;
  if (view.length === 0) return 0;
  const share = (count: number): number => count / view.length;
  switch (phase) {
    case "join-cutoff":
    case "train":
      return 0;
    case "ready":
      return share(readyAt.size);
    case "send":
      return share(attempt?.parcels.size ?? 0);
    case "open":
      return share(1 + view.filter((peer) => reached(fellow(s, peer)?.phase ?? PHASES[0], "open")).length);
    case "reduce":
      if (tier) return tier.cut.length > 0 ? 1 : Math.min(1, tier.parts.size / runningGroups(s).size);
      return share(((attempt?.pieces.size ?? 0) + (attempt?.shares.size ?? 0)) / 2);
    case "commit":
      if (tier && s.round.candidate === null) {
        const { totals } = upper ?? tier;
        return totals.filter((total) => total !== null).length / totals.length;
      }
      return share(1 + view.filter((peer) => (fellow(s, peer)?.votes.length ?? 0) > 0).length);
  }
}

/** Of a model that is being fetched, 0 to 1; null when none is. */
export function syncProgress(s: SwarmState): number | null {
  if (s.sync === null || s.sync.doubtful) return null;
  const { pieces } = s.sync;
  return pieces.length === 0 ? 0 : pieces.filter((piece) => piece !== null).length / pieces.length;
}
