import type { Kernels } from "../../securesum/kernel.ts";
import { EPOCH_ROUNDS } from "../../swarm/epoch.ts";
import { rootOf, taskHash, type CommitRecord, type Hash } from "../../swarm/record.ts";
import { genesisHead, type Head, type SwarmConfig } from "../../swarm/state.ts";
import { groupsFor } from "../../swarm/tier/groups.ts";
import { toFixed } from "../../update/fixed.ts";
import type { PeerId } from "../../wire/ids.ts";
import { LABELS } from "./learning/digits.ts";
import { SETTING } from "./setting.ts";

export const swarmConfig = (seed: number, kernels: Kernels): Omit<SwarmConfig, "self"> => ({
  task: taskHash({ simulate: seed }),
  bits: SETTING.bits,
  seed,
  epochRounds: EPOCH_ROUNDS,
  groupSize: SETTING.groupSize,
  labels: LABELS,
  privacy: null,
  kernels,
});

/** Where newcomers begin. */
export const genesis = (task: Hash, params: Float32Array): Head => genesisHead(task, toFixed(params), SETTING.stepExponent);

/** Of the commit that the simulation begins with. */
export const FIRST_ROUND = 1;

/** A commit that froze the list of all who are there: the room is at work already, and need not grow first. */
export function frozenHead(first: Head, names: readonly PeerId[], groupSize: number): Head {
  const members = [...names].sort();
  const record: CommitRecord = { ...first.record, round: FIRST_ROUND, prev: first.root, contributors: members, members, groups: groupsFor(members.length, groupSize), weight: members.length };
  return { ...first, record, root: rootOf(record) };
}
