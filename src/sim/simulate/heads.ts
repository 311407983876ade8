import type { Kernels } from "../../securesum/kernel.ts";
import { COHORT_NODES, EPOCH_ROUNDS, NODE_GROUPS, NODE_SPEAKERS, ROOM_GROUPS } from "../../swarm/epoch.ts";
import { taskHash } from "../../swarm/record.ts";
import { genesisHead, type Head, type SwarmConfig } from "../../swarm/state.ts";
import type { Sizes } from "../../swarm/tier/groups.ts";
import { createCompressor } from "../../update/compression/compression.ts";
import { toFixed } from "../../update/fixed.ts";
import { LABELS } from "./learning/digits.ts";
import { SETTING } from "./setting.ts";

export function swarmConfig(seed: number, kernels: Kernels, shapes: number[][], sizes: Partial<Sizes> = {}): Omit<SwarmConfig, "self"> {
  const task = taskHash({ simulate: seed });
  const { bits, stepExponent, groupSize } = SETTING;
  const compressor = createCompressor({ compression: { kind: "dense" }, bits, stepExponent, seed: [task] }, shapes);
  return { task, bits, seed, epochRounds: EPOCH_ROUNDS, groupSize, roomGroups: ROOM_GROUPS, nodeGroups: NODE_GROUPS, speakers: NODE_SPEAKERS, cohortNodes: COHORT_NODES, labels: LABELS, privacy: null, compressor, kernels, ...sizes };
}

/** Where newcomers begin. */
export const genesis = ({ task, compressor }: Pick<SwarmConfig, "task" | "compressor">, params: Float32Array): Head => genesisHead(task, toFixed(params), { compressor });
