import { clipAndRound } from "../update/privacy/clip.ts";
import type { Carry } from "../update/compression/carry.ts";
import { encodeWithin } from "./audit/bound.ts";
import type { Trained } from "./events.ts";
import { freshCarry, type Head, type LocalUpdate, type SwarmConfig } from "./state.ts";

/**
 * What a device gives of its local steps.
 * @throws UpdateError, PrivacyError
 */
export function localUpdate(config: SwarmConfig, head: Head, carry: Carry, { delta, samples, loss, accuracy, labels }: Trained): LocalUpdate {
  const counters = {
    samples,
    loss: Math.round(1000 * loss * samples),
    correct: Math.round(accuracy * samples),
    labels: Array.from({ length: config.labels }, (_, label) => labels[label] ?? 0),
  };
  return { ...rounded(config, head, carry, delta), counters };
}

function rounded({ bits, privacy, compressor, audits, seed, self }: SwarmConfig, { record, shared }: Head, carry: Carry, delta: Float32Array): Pick<LocalUpdate, "values" | "carry"> {
  if (compressor) {
    const at = { round: record.round, shared, chance: ["rounding", seed, self] };
    const { values, carry: left } = audits ? encodeWithin(compressor, delta, carry, at) : compressor.encode(delta, carry, at);
    // What is trained again begins with the model alone.
    return { values, carry: audits?.steps ? freshCarry({ compressor }) : left };
  }
  const { values } = clipAndRound(delta, { bits, clip: privacy!.clip, stepExponent: record.stepExponent, seed: ["rounding", seed, record.round, self] });
  return { values, carry };
}
