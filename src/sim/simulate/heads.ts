import type { Kernels } from "../../securesum/kernel.ts";
import { EPOCH_ROUNDS } from "../../swarm/epoch.ts";
import { rootOf, taskHash, type CommitRecord } from "../../swarm/record.ts";
import { enrolled } from "../../swarm/roll.ts";
import { genesisHead, type Head, type SwarmConfig } from "../../swarm/state.ts";
import { groupsFor } from "../../swarm/tier/groups.ts";
import { createCompressor } from "../../update/compression/compression.ts";
import { toFixed } from "../../update/fixed.ts";
import type { PeerId } from "../../wire/ids.ts";
import { LABELS } from "./learning/digits.ts";
import { SHAPES } from "./learning/mlp.ts";
import { SETTING } from "./setting.ts";

export function swarmConfig(seed: number, kernels: Kernels): Omit<SwarmConfig, "self"> {
  const task = taskHash({ simulate: seed });
  const { bits, stepExponent, groupSize } = SETTING;
  const compressor = createCompressor({ compression: { kind: "dense" }, bits, stepExponent, seed: [task] }, SHAPES);
  return { task, bits, seed, epochRounds: EPOCH_ROUNDS, groupSize, labels: LABELS, privacy: null, compressor, kernels };
}

/** Where newcomers begin. */
export const genesis = ({ task, compressor }: Pick<SwarmConfig, "task" | "compressor">, params: Float32Array): Head => genesisHead(task, toFixed(params), { compressor });

/** Of the commit that the simulation begins with. */
export const FIRST_ROUND = 1;

/** A commit that froze the list of all who are there: the room is at work already, and need not grow first. */
export function frozenHead(first: Head, names: readonly PeerId[], groupSize: number): Head {
  const members = [...names].sort();
  const roll = { contributors: members, members };
  const record: CommitRecord = { ...first.record, round: FIRST_ROUND, prev: first.root, ...enrolled(roll), groups: groupsFor(members.length, groupSize), weight: members.length };
  return { ...first, record, root: rootOf(record), roll };
}
