import { JUDGED_SAMPLES } from "../../../learn/limits.ts";
import { toFloat } from "../../../update/fixed.ts";
import type { AttackKind } from "../options.ts";
import { attacked } from "./attacks.ts";
import { LABELS } from "./digits.ts";
import type { Mlp } from "./mlp.ts";
import { createReplicas, type Data, type Head } from "./replicas.ts";

/** What a device tells its core of its local steps. */
export interface LocalSteps {
  delta: Float32Array<ArrayBuffer>;
  samples: number;
  loss: number;
  accuracy: number;
  labels: number[];
}

export interface Learning {
  readonly initial: Float32Array;
  readonly shapes: number[][];
  readonly replicas: number;
  update(head: Head, device: number, lost: number, attacks: boolean): LocalSteps;
  /** Share of the held-out digits that it answers right. */
  score(head: Pick<Head, "params">): number;
  /** Of each of a few held-out digits: what a model is judged by before the vote. */
  losses(head: { params: Int32Array; record: { model: string } }): Float64Array;
}

/** Models whose losses are kept: those of the last rounds. */
const MODELS_KEPT = 8;

export function createLearning(data: Data, mlp: Mlp, peers: number, seed: number, attack: AttackKind | null): Learning {
  const replicas = createReplicas(data, mlp, peers, seed);
  const judged = new Map<string, Float64Array>();
  return {
    initial: mlp.initial(seed),
    shapes: mlp.shapes,
    replicas: replicas.count,
    score: ({ params }) => mlp.score(toFloat(params), data.test),
    losses({ params, record: { model } }) {
      const known = judged.get(model);
      if (known) return known;
      const made = mlp.losses(toFloat(params), data.test, JUDGED_SAMPLES);
      judged.set(model, made);
      for (const oldest of judged.keys()) {
        if (judged.size <= MODELS_KEPT) break;
        judged.delete(oldest);
      }
      return made;
    },
    update(head, device, lost, attacks) {
      const trained = attacks && attack !== null ? attacked(attack, replicas, head, device, lost) : replicas.update(head, device, lost, false);
      // Shares are dealt evenly: so are their labels.
      const labels = Array.from({ length: LABELS }, (_, label) => Math.floor((trained.samples + label) / LABELS));
      return { ...trained, labels };
    },
  };
}
