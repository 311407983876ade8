import type { AttackKind } from "../options.ts";
import type { Head, Replicas } from "./replicas.ts";
import type { Trained } from "./mlp.ts";

/** How many deviations from the mean pass for honest, and how far against it an inner product is turned. */
const ALIE_DEVIATIONS = 1;
const IPM_LENGTH = 1;
const SCALE = 100;

/** What an attacker gives for its update, before it is encrypted. It knows what the honest replicas computed so far. */
export function attacked(kind: AttackKind, replicas: Replicas, head: Head, device: number, lost: number): Trained {
  const own = replicas.update(head, device, lost, kind === "label");
  switch (kind) {
    case "label":
      return own;
    case "sign":
      return { ...own, delta: own.delta.map((value) => -value) };
    case "scale":
      return { ...own, delta: own.delta.map((value) => SCALE * value) };
    case "alie": {
      const { mean, deviation } = moments(replicas.honest(head));
      return { ...own, delta: mean.map((value, i) => value - ALIE_DEVIATIONS * deviation[i]!) };
    }
    case "ipm":
      return { ...own, delta: moments(replicas.honest(head)).mean.map((value) => -IPM_LENGTH * value) };
  }
}

function moments(updates: readonly Float32Array[]): { mean: Float32Array<ArrayBuffer>; deviation: Float32Array } {
  const mean = new Float32Array(updates[0]!.length);
  const deviation = new Float32Array(mean.length);
  for (const update of updates) for (let i = 0; i < mean.length; i++) mean[i]! += update[i]! / updates.length;
  for (const update of updates) for (let i = 0; i < mean.length; i++) deviation[i]! += (update[i]! - mean[i]!) ** 2 / updates.length;
  for (let i = 0; i < deviation.length; i++) deviation[i] = Math.sqrt(deviation[i]!);
  return { mean, deviation };
}
