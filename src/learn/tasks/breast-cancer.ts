import type { ClassifierTask } from "../task.ts";
import type { Column } from "../task-data.ts";

/** Name, mean and standard deviation of each measurement over the whole table. */
const MEASURES: readonly [name: string, mean: number, deviation: number][] = [
  ["mean radius", 14.13, 3.521],
  ["mean texture", 19.29, 4.297],
  ["mean perimeter", 91.97, 24.28],
  ["mean area", 654.9, 351.6],
  ["mean smoothness", 0.09636, 0.01405],
  ["mean compactness", 0.1043, 0.05277],
  ["mean concavity", 0.0888, 0.07965],
  ["mean concave points", 0.04892, 0.03877],
  ["mean symmetry", 0.1812, 0.02739],
  ["mean fractal dimension", 0.0628, 0.007054],
  ["radius error", 0.4052, 0.2771],
  ["texture error", 1.217, 0.5512],
  ["perimeter error", 2.866, 2.02],
  ["area error", 40.34, 45.45],
  ["smoothness error", 0.007041, 0.003],
  ["compactness error", 0.02548, 0.01789],
  ["concavity error", 0.03189, 0.03016],
  ["concave points error", 0.0118, 0.006165],
  ["symmetry error", 0.02054, 0.008259],
  ["fractal dimension error", 0.003795, 0.002644],
  ["worst radius", 16.27, 4.829],
  ["worst texture", 25.68, 6.141],
  ["worst perimeter", 107.3, 33.57],
  ["worst area", 880.6, 568.9],
  ["worst smoothness", 0.1324, 0.02281],
  ["worst compactness", 0.2543, 0.1572],
  ["worst concavity", 0.2722, 0.2084],
  ["worst concave points", 0.1146, 0.06567],
  ["worst symmetry", 0.2901, 0.06181],
  ["worst fractal dimension", 0.08395, 0.01805],
];

/** Which of 569 breast masses are malignant, by thirty measurements of their cells. A small network for tables. */
export const breastCancerTask: ClassifierTask = {
  v: 1,
  name: "breast-cancer",
  title: { en: "Breast masses: malignant or benign", uk: "Новоутворення грудей: злоякісні чи доброякісні" },
  data: {
    kind: "table",
    source: "breast-cancer",
    columns: [
      ...MEASURES.map(([name, mean, deviation]): Column => ({ role: "number", name, mean, deviation })),
      { role: "label", name: "diagnosis", values: ["malignant", "benign"] },
    ],
    missing: "mean",
  },
  model: {
    className: "Sequential",
    config: { layers: [{ class_name: "Dense", config: { units: 16, activation: "relu" } }, { class_name: "Dense", config: { units: 2 } }] },
  },
  loss: "cross-entropy",
  seed: 1995,
  inner: { optimiser: "adamw", learningRate: 0.01, weightDecay: 0.01, gradientLimit: 5, batch: 16, localSteps: 10 },
  update: { bits: 4, stepExponent: 10 },
};
