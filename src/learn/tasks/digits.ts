import type { ImageTask } from "../task.ts";

const conv = (filters: number, kernel: number) => ({
  class_name: "Conv2D",
  config: { filters, kernel_size: [kernel, kernel], strides: [2, 2], padding: "same", activation: "relu" },
});

/** Handwritten digits, 28 × 28, with a small convolutional network. */
export const digitsTask: ImageTask = {
  v: 1,
  name: "digits",
  title: { en: "Handwritten digits", uk: "Рукописні цифри" },
  data: { kind: "image", source: "digits", shape: [28, 28], labels: 10, scale: { mean: 0.1307, deviation: 0.3081 } },
  model: {
    className: "Sequential",
    config: { layers: [conv(8, 3), conv(16, 3), { class_name: "Flatten", config: {} }, { class_name: "Dense", config: { units: 10 } }] },
  },
  loss: "cross-entropy",
  seed: 2026,
  inner: { optimiser: "sgd", learningRate: 0.3, weightDecay: 0.0001, gradientLimit: 2, batch: 32, localSteps: 20, driftCorrection: 1, calibration: 0.5 },
  update: { bits: 4, stepExponent: 12 },
};
