import type { ClassifierTask } from "../task.ts";

/** BCP 47 tags of the languages that are told apart. */
export const languageTags = ["be", "bg", "cs", "de", "en", "es", "fi", "fr", "it", "lt", "nl", "pl", "pt", "ro", "sk", "sv", "tr", "uk"] as const;

/** In which language a passage is, by its runs of up to three bytes: a logistic model. */
export const languagesTask: ClassifierTask = {
  v: 1,
  name: "languages",
  title: { en: "Which language is it?", uk: "Якою це мовою?" },
  data: { kind: "passages", source: "udhr", labels: [...languageTags], bytes: 96, longest: 3, buckets: 1024 },
  model: { className: "Sequential", config: { layers: [{ class_name: "Dense", config: { units: languageTags.length } }] } },
  loss: "cross-entropy",
  seed: 1948,
  inner: { optimiser: "adamw", learningRate: 0.005, weightDecay: 0.01, gradientLimit: 5, batch: 32, localSteps: 20 },
  update: { bits: 4, stepExponent: 9 },
};
