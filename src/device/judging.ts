import type { Hash } from "../swarm/record.ts";
import type { Head } from "../swarm/state.ts";
import { type Change, changeOf } from "../swarm/verdict.ts";
import type { Training } from "./training.ts";

/** Models whose losses are kept: the last ones, and what is held against them. */
const KEPT = 4;

/** Holds models against one another, on a few samples that nobody trains on. */
export interface Judging {
  /** Scores this model while there is time, for it will be asked for. */
  know(head: Head): void;
  /** From `against` to `head`; null where that cannot be said. */
  change(head: Head, against: Head): Promise<Change | null>;
}

export function createJudging(training: () => Pick<Training, "losses"> | null): Judging {
  const known = new Map<Hash, Promise<Float64Array | null>>();

  /** Once a model: the next round's own is this round's candidate. */
  function lossesOf({ params, record: { model } }: Head): Promise<Float64Array | null> {
    const losses = known.get(model) ?? score(params);
    known.delete(model);
    known.set(model, losses);
    for (const oldest of known.keys()) {
      if (known.size <= KEPT) break;
      known.delete(oldest);
    }
    void losses.then((scored) => scored === null && known.get(model) === losses && known.delete(model));
    return losses;
  }

  /** What fails here fails in the next training too, which says so. */
  async function score(params: Int32Array): Promise<Float64Array | null> {
    try {
      return (await training()?.losses(params)) ?? null;
    } catch (error) {
      console.warn("a model could not be scored", error);
      return null;
    }
  }

  return {
    know: (head) => void lossesOf(head),
    async change(head, against) {
      const [before, after] = await Promise.all([lossesOf(against), lossesOf(head)]);
      return before && after && changeOf(before, after);
    },
  };
}
