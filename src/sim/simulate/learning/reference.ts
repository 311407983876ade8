import { createRandom } from "../../../wire/random.ts";
import type { Mlp } from "./mlp.ts";
import { dealtShare } from "../../../learn/partition.ts";
import { MOST_REPLICAS, type Data } from "./replicas.ts";

/** What plain averaging in floats of honest devices alone scores after each round: what attacks and compression are measured against. */
export function referenceCurve(data: Data, mlp: Mlp, devices: number, seed: number, rounds: number): number[] {
  const count = Math.min(MOST_REPLICAS, devices);
  const shares = Array.from({ length: count }, (_, share) => dealtShare(share, count, data.train.labels.length));
  const params = mlp.initial(seed);
  return Array.from({ length: rounds }, (_, round) => {
    const deltas = shares.map((own, share) => mlp.train(params, data.train, own, createRandom([seed, "reference", round, share]), false).delta);
    for (const delta of deltas) for (let i = 0; i < params.length; i++) params[i]! += delta[i]! / count;
    return mlp.score(params, data.test);
  });
}
