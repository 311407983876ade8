import type { Samples } from "../../../learn/pack.ts";
import { dealtShare } from "../../../learn/partition.ts";
import type { Hash } from "../../../swarm/record.ts";
import { toFloat } from "../../../update/fixed.ts";
import { createRandom } from "../../../wire/random.ts";
import { halve, type Pictures } from "./digits.ts";
import type { Mlp, Trained } from "./mlp.ts";

/** Devices that train for themselves; the others take one of these updates and add noise of their own. */
export const MOST_REPLICAS = 64;
/** Of the update's mean magnitude. */
const NOISE = 0.5;
/** Heads whose updates are kept: devices are a round apart at most, but for those that fetch. */
const HEADS_KEPT = 4;

export interface Data {
  train: Pictures;
  test: Pictures;
}

export const dataOf = (train: Samples, test: Samples): Data => ({ train: halve(train), test: halve(test) });

export interface Head {
  root: Hash;
  /** What training draws from: a root is another one where records are written otherwise. */
  record: { model: Hash };
  params: Int32Array;
}

/** Real training, once for each head and replica. */
export interface Replicas {
  readonly count: number;
  /** @param lost how often this round's update was dropped: other samples each time */
  update(head: Head, device: number, lost: number, flipped: boolean): Trained;
  /** Those from one head that were trained honestly so far. */
  honest(head: Head): readonly Float32Array[];
}

export function createReplicas(data: Data, { train }: Mlp, devices: number, seed: number): Replicas {
  const count = Math.min(MOST_REPLICAS, devices);
  const shares = Array.from({ length: count }, (_, share) => dealtShare(share, count, data.train.labels.length));
  const heads = new Map<Hash, { params: Float32Array; done: Map<string, Trained> }>();

  function at({ root, params }: Head): { params: Float32Array; done: Map<string, Trained> } {
    const known = heads.get(root);
    if (known) return known;
    const made = { params: toFloat(params), done: new Map<string, Trained>() };
    heads.set(root, made);
    for (const oldest of heads.keys()) {
      if (heads.size <= HEADS_KEPT) break;
      heads.delete(oldest);
    }
    return made;
  }

  function replica(head: Head, share: number, lost: number, flipped: boolean): Trained {
    const { params, done } = at(head);
    const key = `${flipped ? "flipped" : "honest"} ${share} ${lost}`;
    const known = done.get(key);
    if (known) return known;
    const trained = train(params, data.train, shares[share]!, createRandom([seed, "train", head.record.model, share, lost]), flipped);
    done.set(key, trained);
    return trained;
  }

  return {
    count,
    update(head, device, lost, flipped) {
      const trained = replica(head, device % count, lost, flipped);
      return device < count ? trained : { ...trained, delta: noisy(trained.delta, [seed, "noise", head.record.model, device, lost]) };
    },
    honest: (head) => [...at(head).done].flatMap(([key, { delta }]) => (key.startsWith("honest") ? [delta] : [])),
  };
}

function noisy(delta: Float32Array, seed: readonly (number | string)[]): Float32Array<ArrayBuffer> {
  const random = createRandom(seed);
  let magnitude = 0;
  for (const value of delta) magnitude += Math.abs(value);
  const most = (2 * NOISE * magnitude) / delta.length;
  return delta.map((value) => value + most * (2 * random.uniform() - 1));
}
