import type { TextTask } from "../task.ts";

/** 0.17 M parameters: small enough for a phone. */
const model: TextTask["model"] = { className: "Gpt", config: { vocabulary: 256, context: 64, layers: 3, heads: 4, width: 64, dropout: 0.1 } };
const inner: TextTask["inner"] = {
  optimiser: "adamw",
  learningRate: 0.003,
  schedule: { warmUp: 50, steps: 5000, floor: 0.1 },
  weightDecay: 0.1,
  gradientLimit: 1,
  batch: 8,
  localSteps: 25,
};

/** Writes on in Melville's manner, byte by byte. Each device has a stretch of the book. */
export const mobyDickTask: TextTask = {
  v: 1,
  name: "moby-dick",
  title: { en: "Moby-Dick, written on", uk: "Мобі Дік: писати далі" },
  data: { kind: "text", source: "moby-dick", tokens: "bytes" },
  model,
  loss: "cross-entropy",
  seed: 1851,
  inner,
  update: { bits: 4, stepExponent: 10 },
};

/** Each device has other presidents' addresses, so that no two have text of one kind. */
export const addressesTask: TextTask = {
  v: 1,
  name: "addresses",
  title: { en: "State of the Union addresses, written on", uk: "Послання «Про становище країни»: писати далі" },
  data: { kind: "text", source: "addresses", tokens: "bytes" },
  model,
  loss: "cross-entropy",
  seed: 1790,
  inner,
  update: { bits: 4, stepExponent: 10 },
};
