import { type OnnxGraph, onnxFile, type OnnxNode, type OnnxTensor } from "./onnx-file.ts";
import type { PlainLayer } from "./plain-layers.ts";

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

const OPS = { relu: "Relu", elu: "Elu", selu: "Selu", tanh: "Tanh", sigmoid: "Sigmoid", softplus: "Softplus" } as const;

/**
 * A model as ONNX (opset 13): samples in as the app's own model takes them, channels last and scaled as the metadata
 * say; probabilities out.
 * @param params the flat vector, as long as all the layers' weights
 */
export function toOnnx(layers: readonly PlainLayer[], params: Float32Array, name: string, metadata: Record<string, string>): Uint8Array<ArrayBuffer> {
  const nodes: OnnxNode[] = [];
  const initialisers: OnnxTensor[] = [];
  let at = 0;
  /** The tensor that the next layer takes, and whether its channels come first, as ONNX's windows want them. */
  let current = "input";
  let channelsFirst = false;

  function add(type: string, inputs: string[], attributes: OnnxNode["attributes"] = {}): void {
    const output = `${type.toLowerCase()}_${nodes.length + 1}`;
    nodes.push({ type, inputs: [current, ...inputs], output, attributes });
    current = output;
  }
  function turn(first: boolean): void {
    if (channelsFirst === first) return;
    add("Transpose", [], { perm: first ? [0, 3, 1, 2] : [0, 2, 3, 1] });
    channelsFirst = first;
  }
  function constant(kind: string, dims: number[], values: OnnxTensor["values"]): string {
    const tensor = { name: `${kind}_${initialisers.length + 1}`, dims, values };
    initialisers.push(tensor);
    return tensor.name;
  }
  function take(shape: number[]): Float32Array {
    return params.slice(at, (at += product(shape)));
  }
  function activate(activation: string, rank: number): void {
    if (activation === "linear") return;
    if (activation === "softmax") return add("Softmax", [], { axis: channelsFirst ? 1 : rank });
    // Clip takes its bounds as inputs since opset 11.
    if (activation === "relu6") return add("Clip", [constant("least", [], Float32Array.of(0)), constant("most", [], Float32Array.of(6))]);
    add(OPS[activation as keyof typeof OPS], []);
  }
  function window(type: string, inputs: string[], layer: Extract<PlainLayer, { size: unknown }>, more: OnnxNode["attributes"] = {}): void {
    turn(true);
    add(type, inputs, { kernel_shape: layer.size, strides: layer.strides, pads: pads(layer), ...more });
  }

  for (const layer of layers) {
    const { weights: [kernel, bias], input, output } = layer;
    switch (layer.kind) {
      case "dense": {
        const inputs = [constant("kernel", kernel!, take(kernel!))];
        if (bias) inputs.push(constant("bias", bias, take(bias)));
        add("Gemm", inputs);
        activate(layer.activation, output.length);
        break;
      }
      case "conv":
      case "depthwise": {
        const [dims, values] = layer.kind === "conv" ? filtersFirst(kernel!, take(kernel!)) : groupsFirst(kernel!, take(kernel!));
        const inputs = [constant("kernel", dims, values)];
        if (bias) inputs.push(constant("bias", bias, take(bias)));
        window("Conv", inputs, layer, layer.kind === "conv" ? {} : { group: input.at(-1)! });
        activate(layer.activation, output.length);
        break;
      }
      case "max-pool":
        window("MaxPool", [], layer);
        break;
      case "average-pool":
        window("AveragePool", [], layer, { count_include_pad: 0 });
        break;
      case "global-average-pool":
        turn(true);
        add("GlobalAveragePool", []);
        add("Flatten", [], { axis: 1 });
        channelsFirst = false;
        break;
      case "flatten":
        turn(false);
        add("Flatten", [], { axis: 1 });
        break;
      case "activation":
        activate(layer.activation, output.length);
        break;
    }
  }
  activate("softmax", 1);
  nodes.at(-1)!.output = "probabilities";
  const graph: OnnxGraph = { name, nodes, initialisers, input: { name: "input", shape: layers[0]!.input }, output: { name: "probabilities", shape: layers.at(-1)!.output }, metadata };
  return onnxFile(graph);
}

/** What "same" adds above, left, below and right: where the sum is odd, more at the end, as tfjs has it. */
function pads({ size, strides, padding, input, output }: Extract<PlainLayer, { size: unknown }>): number[] {
  if (padding === "valid") return [0, 0, 0, 0];
  const sums = [0, 1].map((side) => Math.max(0, (output[side]! - 1) * strides[side]! + size[side]! - input[side]!));
  const before = sums.map((sum) => Math.floor(sum / 2));
  return [...before, ...sums.map((sum, side) => sum - before[side]!)];
}

/** [height, width, in, out] as [out, in, height, width]. */
function filtersFirst([height, width, ins, outs]: number[], values: Float32Array): [number[], Float32Array] {
  const turned = new Float32Array(values.length);
  const area = height! * width!;
  for (let place = 0; place < area; place++) {
    for (let i = 0; i < ins!; i++) for (let o = 0; o < outs!; o++) turned[(o * ins! + i) * area + place] = values[(place * ins! + i) * outs! + o]!;
  }
  return [[outs!, ins!, height!, width!], turned];
}

/** [height, width, in, times] as [in · times, 1, height, width]: a group a channel. */
function groupsFirst([height, width, ins, times]: number[], values: Float32Array): [number[], Float32Array] {
  const [, turned] = filtersFirst([height!, width!, 1, ins! * times!], values);
  return [[ins! * times!, 1, height!, width!], turned];
}
