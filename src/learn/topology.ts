import { layers } from "@tensorflow/tfjs-layers";
import * as v from "valibot";
import { TaskError } from "./errors.ts";
import { MAX_LAYER_OUTPUT, MAX_LAYERS, MAX_PARAMETERS, MAX_TOPOLOGY_CHARACTERS } from "./limits.ts";
import { SeededDropout } from "./models/dropout-layer.ts";

type Layer = InstanceType<typeof layers.Layer>;
type Shape = (number | null)[];

/** A layer that is described but holds no weights yet. */
export interface PlannedLayer {
  layer: Layer;
  /** Shapes of its trainable weights, kernel before bias. */
  weights: number[][];
  /** Of what it puts out for one sample. */
  shape: number[];
}

const size = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_536));
const pair = v.union([size, v.tuple([size, size])]);
const activation = v.optional(v.picklist(["linear", "relu", "relu6", "elu", "selu", "tanh", "sigmoid", "softmax", "softplus"]), "linear");
const padding = v.optional(v.picklist(["valid", "same"]), "valid");
const channelsLast = v.optional(v.literal("channels_last"), "channels_last");
/** Keras writes these as null where they are not used; a penalty or bound that we would not apply is refused. */
const unused = v.nullish(v.null(), null);
const plain = {
  kernel_regularizer: unused,
  bias_regularizer: unused,
  activity_regularizer: unused,
  kernel_constraint: unused,
  bias_constraint: unused,
  trainable: v.optional(v.literal(true), true),
};
/** tfjs has no kernel for a depthwise convolution with two different strides. */
const equalPair = v.optional(v.union([size, v.pipe(v.tuple([size, size]), v.check(([down, across]) => down === across, "both strides have to be the same"))]), 1);
const pooling = v.object({ ...plain, pool_size: v.optional(pair, 2), strides: v.nullish(pair), padding, data_format: channelsLast });

/** Layer types that may be brought: each has all its kernels and gradients on every backend, and no state of its own. */
const LAYERS = {
  Activation: v.object({ ...plain, activation }),
  AveragePooling2D: pooling,
  Conv2D: v.object({
    ...plain,
    filters: size,
    kernel_size: pair,
    strides: v.optional(pair, 1),
    padding,
    data_format: channelsLast,
    dilation_rate: v.optional(v.union([v.literal(1), v.tuple([v.literal(1), v.literal(1)])]), 1),
    groups: v.optional(v.literal(1), 1),
    activation,
    use_bias: v.optional(v.boolean(), true),
  }),
  DepthwiseConv2D: v.object({
    ...plain,
    depthwise_regularizer: unused,
    depthwise_constraint: unused,
    kernel_size: pair,
    strides: equalPair,
    padding,
    data_format: channelsLast,
    depth_multiplier: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)), 1),
    dilation_rate: v.optional(v.union([v.literal(1), v.tuple([v.literal(1), v.literal(1)])]), 1),
    activation,
    use_bias: v.optional(v.boolean(), true),
  }),
  Dense: v.object({ ...plain, units: size, activation, use_bias: v.optional(v.boolean(), true) }),
  Dropout: v.object({ ...plain, rate: v.pipe(v.number(), v.minValue(0), v.ltValue(1)), noise_shape: unused }),
  Flatten: v.object({ ...plain, data_format: channelsLast }),
  GlobalAveragePooling2D: v.object({ ...plain, data_format: channelsLast }),
  MaxPooling2D: pooling,
} as const;
type LayerName = keyof typeof LAYERS;

const TopologySchema = v.object({
  layers: v.pipe(v.array(v.object({ class_name: v.string(), config: v.record(v.string(), v.unknown()) })), v.minLength(1), v.maxLength(MAX_LAYERS)),
});

/**
 * Checks a Keras-style Sequential topology and says what it is made of, before any weight is allocated.
 * A softmax at the end is taken off: the loss works on logits.
 * @param input shape of one sample, e.g. [28, 28, 1]; @param outputs how many logits must come out; null: anything may,
 * as of a frozen extractor
 * @throws TaskError `bad-model` or `too-large`, saying which layer and why
 */
export function planLayers(model: { config: unknown }, input: number[], outputs: number | null): PlannedLayer[] {
  if (JSON.stringify(model.config).length > MAX_TOPOLOGY_CHARACTERS) throw new TaskError("too-large", `the model's description is over ${MAX_TOPOLOGY_CHARACTERS} characters`);
  const topology = v.safeParse(TopologySchema, model.config);
  if (!topology.success) throw new TaskError("bad-model", `the model is no Sequential topology: ${v.summarize(topology.issues)}`);
  const described = topology.output.layers.filter(({ class_name }) => class_name !== "InputLayer");
  if (described.length === 0) throw new TaskError("bad-model", "the model has no layers");
  let shape: Shape = [null, ...input];
  let parameters = 0;
  const planned = described.map(({ class_name, config }, index) => {
    const where = `layer ${index + 1} (${class_name})`;
    if (!Object.hasOwn(LAYERS, class_name)) throw new TaskError("bad-model", `${where} is of a type that cannot be used here; these can: ${Object.keys(LAYERS).join(", ")}`);
    const parsed = v.safeParse(LAYERS[class_name as LayerName], config);
    if (!parsed.success) throw new TaskError("bad-model", `${where}: ${v.summarize(parsed.issues)}`);
    const last = index === described.length - 1;
    const options = parsed.output as Record<string, unknown>;
    if (last && options["activation"] === "softmax") options["activation"] = "linear";
    const weights = weightShapes(class_name as LayerName, options, shape);
    parameters += weights.reduce((sum, weight) => sum + product(weight), 0);
    if (parameters > MAX_PARAMETERS) throw new TaskError("too-large", `${where} brings the model over ${MAX_PARAMETERS} parameters`);
    const layer = makeLayer(class_name as LayerName, options, index === 0 ? input : undefined);
    shape = outputShape(layer, shape, where);
    return { layer, weights, shape: shape.slice(1) as number[] };
  });
  if (outputs === null) return planned;
  if (shape.length !== 2 || shape[1] !== outputs) throw new TaskError("bad-model", `the model puts out ${shape.slice(1).join(" × ")} numbers, not the ${outputs} labels' logits`);
  if (parameters === 0) throw new TaskError("bad-model", "the model has nothing to train");
  return planned;
}

const product = (numbers: number[]) => numbers.reduce((a, b) => a * b, 1);
const both = (value: unknown): number[] => (Array.isArray(value) ? (value as number[]) : [value as number, value as number]);

function weightShapes(name: LayerName, config: Record<string, unknown>, input: Shape): number[][] {
  const channels = input.at(-1) ?? 0;
  if (name === "DepthwiseConv2D") {
    const multiplier = config["depth_multiplier"] as number;
    const kernel = [...both(config["kernel_size"]), channels, multiplier];
    return config["use_bias"] ? [kernel, [channels * multiplier]] : [kernel];
  }
  if (name !== "Conv2D" && name !== "Dense") return [];
  const outputs = (name === "Dense" ? config["units"] : config["filters"]) as number;
  const kernel = name === "Dense" ? [channels, outputs] : [...both(config["kernel_size"]), channels, outputs];
  return config["use_bias"] ? [kernel, [outputs]] : [kernel];
}

function outputShape(layer: Layer, input: Shape, where: string): Shape {
  const wanted = { Dense: 2, Conv2D: 4, DepthwiseConv2D: 4, MaxPooling2D: 4, AveragePooling2D: 4, GlobalAveragePooling2D: 4 }[layer.getClassName()];
  if (wanted !== undefined && input.length !== wanted) {
    throw new TaskError("bad-model", `${where} needs ${wanted - 1} dimensions a sample and gets ${input.length - 1}`);
  }
  const shape = layer.computeOutputShape(input) as Shape;
  const numbers = shape.slice(1);
  if (numbers.some((n) => n === null || !Number.isInteger(n) || n < 1)) throw new TaskError("bad-model", `${where} leaves nothing of its input`);
  if (product(numbers as number[]) > MAX_LAYER_OUTPUT) throw new TaskError("too-large", `${where} puts out over ${MAX_LAYER_OUTPUT} numbers a sample`);
  return shape;
}

/** Weights start at zero here and are drawn by `initialParams`: tfjs's own initialisers draw what no seed decides. */
function makeLayer(name: LayerName, config: Record<string, unknown>, inputShape: number[] | undefined): Layer {
  const args = {
    kernelInitializer: "zeros" as const,
    biasInitializer: "zeros" as const,
    activation: config["activation"] as "linear",
    useBias: config["use_bias"] as boolean,
    padding: config["padding"] as "same",
    strides: (config["strides"] ?? undefined) as number,
    ...(inputShape ? { inputShape } : {}),
  };
  switch (name) {
    case "Activation":
      return layers.activation(args);
    case "AveragePooling2D":
      return layers.averagePooling2d({ ...args, poolSize: config["pool_size"] as number });
    case "Conv2D":
      return layers.conv2d({ ...args, filters: config["filters"] as number, kernelSize: config["kernel_size"] as number });
    case "DepthwiseConv2D":
      return layers.depthwiseConv2d({
        ...args,
        depthwiseInitializer: "zeros",
        kernelSize: config["kernel_size"] as number,
        depthMultiplier: config["depth_multiplier"] as number,
      });
    case "Dense":
      return layers.dense({ ...args, units: config["units"] as number });
    case "Dropout":
      return new SeededDropout(config["rate"] as number, inputShape);
    case "Flatten":
      return layers.flatten(args);
    case "GlobalAveragePooling2D":
      return layers.globalAveragePooling2d(inputShape ? { inputShape } : {});
    case "MaxPooling2D":
      return layers.maxPooling2d({ ...args, poolSize: config["pool_size"] as number });
  }
}
