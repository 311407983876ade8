import { toFloat } from "../../../update/fixed.ts";
import type { AttackKind } from "../options.ts";
import { attacked } from "./attacks.ts";
import { LABELS } from "./digits.ts";
import { initialParameters, score } from "./mlp.ts";
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
  readonly replicas: number;
  update(head: Head, device: number, lost: number, attacks: boolean): LocalSteps;
  /** Share of the held-out digits that it answers right. */
  score(head: Pick<Head, "params">): number;
}

export function createLearning(data: Data, peers: number, seed: number, attack: AttackKind | null): Learning {
  const replicas = createReplicas(data, peers, seed);
  return {
    initial: initialParameters(seed),
    replicas: replicas.count,
    score: ({ params }) => score(toFloat(params), data.test),
    update(head, device, lost, attacks) {
      const trained = attacks && attack !== null ? attacked(attack, replicas, head, device, lost) : replicas.update(head, device, lost, false);
      // Shares are dealt evenly: so are their labels.
      const labels = Array.from({ length: LABELS }, (_, label) => Math.floor((trained.samples + label) / LABELS));
      return { ...trained, labels };
    },
  };
}
