import type { ByteCounts } from "../mesh/mesh.ts";
import { noRefusals, type Refusals } from "./guard.ts";
import type { Presence } from "./presence.ts";

/** What a device's presences sent and refused, all names together. */
export interface Totals {
  up: ByteCounts;
  down: ByteCounts;
  refusals: Refusals;
}

const noBytes = (): ByteCounts => ({ own: 0, relayed: 0, overhead: 0 });

export const noTotals = (): Totals => ({ up: noBytes(), down: noBytes(), refusals: noRefusals() });

export function add(into: Totals, presence: Presence): Totals {
  const { up, down } = presence.mesh();
  for (const kind of ["own", "relayed", "overhead"] as const) {
    into.up[kind] += up[kind];
    into.down[kind] += down[kind];
  }
  for (const why of Object.keys(into.refusals) as (keyof Refusals)[]) into.refusals[why] += presence.guard.refusals[why];
  return into;
}
