import { planLayers } from "../topology.ts";
import type { SequentialModel } from "../task-model.ts";

type Activation = "linear" | "relu" | "relu6" | "elu" | "selu" | "tanh" | "sigmoid" | "softmax" | "softplus";
type Pair = [down: number, across: number];

interface Window {
  size: Pair;
  strides: Pair;
  padding: "valid" | "same";
}

/** What a layer computes, with every default said, without a framework. Dropout is not there: it does nothing here. */
export type PlainLayer = {
  /** Of one sample, channels last. */
  input: number[];
  output: number[];
  /** Kernel before bias, as the flat vector holds them. */
  weights: number[][];
} & (
  | ({ kind: "conv" | "depthwise" } & Window & { activation: Activation })
  | ({ kind: "max-pool" | "average-pool" } & Window)
  | { kind: "dense"; activation: Activation }
  | { kind: "activation"; activation: Activation }
  | { kind: "flatten" | "global-average-pool" }
);

const pair = (value: unknown): Pair => (Array.isArray(value) ? (value as Pair) : [value as number, value as number]);

/**
 * A checked topology as plain layers; the last one puts out logits.
 * @param input shape of one sample; @param outputs how many logits
 * @throws TaskError `bad-model` or `too-large`
 */
export function plainLayers(model: SequentialModel, input: number[], outputs: number): PlainLayer[] {
  let shape = input;
  return planLayers(model, input, outputs).flatMap(({ layer, weights, shape: output }): PlainLayer[] => {
    const common = { input: shape, output, weights };
    shape = output;
    const config = layer.getConfig();
    const activation = config["activation"] as Activation;
    const window = { size: pair(config["kernelSize"] ?? config["poolSize"]), strides: pair(config["strides"] ?? config["poolSize"]), padding: config["padding"] as "valid" };
    switch (layer.getClassName()) {
      case "Conv2D":
        return [{ ...common, kind: "conv", ...window, activation }];
      case "DepthwiseConv2D":
        return [{ ...common, kind: "depthwise", ...window, activation }];
      case "MaxPooling2D":
        return [{ ...common, kind: "max-pool", ...window }];
      case "AveragePooling2D":
        return [{ ...common, kind: "average-pool", ...window }];
      case "GlobalAveragePooling2D":
        return [{ ...common, kind: "global-average-pool" }];
      case "Flatten":
        return [{ ...common, kind: "flatten" }];
      case "Dense":
        return [{ ...common, kind: "dense", activation }];
      case "Activation":
        return activation === "linear" ? [] : [{ ...common, kind: "activation", activation }];
      default:
        return [];
    }
  });
}
