/** For tests: reads an ONNX file by the format's own numbers, and computes it with tfjs, op by op, channels first. */
import * as tf from "@tensorflow/tfjs-core";

type Field = { number: number; value: number | Uint8Array };

/** https://protobuf.dev/programming-guides/encoding */
function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag & 7;
    if (type === 0) found.push({ number: tag >> 3, value: varint() });
    else if (type === 5) found.push({ number: tag >> 3, value: new DataView(bytes.buffer, bytes.byteOffset + (at += 4) - 4).getFloat32(0, true) });
    else if (type === 2) {
      const length = varint();
      found.push({ number: tag >> 3, value: bytes.subarray(at, (at += length)) });
    } else throw new Error(`wire type ${type}`);
  }
  if (at !== bytes.length) throw new Error("a field that ends late");
  return found;
}

const all = (message: Field[], number: number): Uint8Array[] => message.filter((field) => field.number === number).map(({ value }) => value as Uint8Array);
const one = (message: Field[], number: number): Uint8Array => all(message, number)[0]!;
const ints = (message: Field[], number: number): number[] => message.filter((field) => field.number === number).map(({ value }) => value as number);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

interface Node {
  type: string;
  inputs: string[];
  output: string;
  attributes: Record<string, number | number[]>;
}

export interface ReadGraph {
  opset: number;
  nodes: Node[];
  tensors: Map<string, { dims: number[]; values: Float32Array }>;
  input: { name: string; shape: (string | number)[] };
  output: string;
  metadata: Record<string, string>;
}

export function readOnnx(bytes: Uint8Array): ReadGraph {
  const model = fields(bytes);
  const graph = fields(one(model, 7));
  const nodes = all(graph, 1).map((node): Node => {
    const own = fields(node);
    const attributes = all(own, 5).map(fields).map((attribute) => [text(one(attribute, 1)), ints(attribute, 20)[0] === 7 ? ints(attribute, 8) : ints(attribute, 3)[0]!] as const);
    return { type: text(one(own, 4)), inputs: all(own, 1).map(text), output: text(one(own, 2)), attributes: Object.fromEntries(attributes) };
  });
  const tensors = all(graph, 5).map(fields).map((tensor) => [text(one(tensor, 8)), { dims: ints(tensor, 1), values: new Float32Array(one(tensor, 9).slice().buffer) }] as const);
  const input = fields(one(graph, 11));
  const dims = all(fields(one(fields(one(fields(one(input, 2)), 1)), 2)), 1).map(fields);
  return {
    opset: ints(fields(one(model, 8)), 2)[0]!,
    nodes,
    tensors: new Map(tensors),
    input: { name: text(one(input, 1)), shape: dims.map((dim) => ints(dim, 1)[0] ?? text(one(dim, 2))) },
    output: text(one(fields(one(graph, 12)), 1)),
    metadata: Object.fromEntries(all(model, 14).map(fields).map((entry) => [text(one(entry, 1)), text(one(entry, 2))])),
  };
}

const toLast = (x: tf.Tensor): tf.Tensor4D => tf.transpose(x, [0, 2, 3, 1]) as tf.Tensor4D;
const toFirst = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 3, 1, 2]);

/** The padding is put in by hand, so that nothing is left to tfjs's own idea of "same". */
function padded(x: tf.Tensor4D, [top, left, bottom, right]: number[], value: number): tf.Tensor4D {
  return tf.pad4d(x, [[0, 0], [top!, bottom!], [left!, right!], [0, 0]], value);
}

function compute({ type, attributes }: Node, [x, w, b]: tf.Tensor[]): tf.Tensor {
  const { strides, pads, kernel_shape: size } = attributes as Record<string, number[]>;
  switch (type) {
    case "Transpose":
      return tf.transpose(x!, attributes["perm"] as number[]);
    case "Gemm":
      return b ? tf.add(tf.matMul(x!, w!), b) : tf.matMul(x!, w!);
    case "Flatten":
      return tf.reshape(x!, [x!.shape[0]!, -1]);
    case "Conv": {
      const groups = (attributes["group"] as number | undefined) ?? 1;
      const inputs = tf.split(padded(toLast(x!), pads!, 0), groups, 3) as tf.Tensor4D[];
      const kernels = tf.split(w!, groups, 0).map((kernel) => tf.transpose(kernel, [2, 3, 1, 0]) as tf.Tensor4D);
      const out = tf.concat(inputs.map((part, i) => tf.conv2d(part, kernels[i]!, strides as [number, number], "valid")), 3);
      return toFirst(b ? tf.add(out, b) : out);
    }
    case "MaxPool":
      return toFirst(tf.maxPool(padded(toLast(x!), pads!, -1e9), size as [number, number], strides as [number, number], "valid"));
    case "AveragePool": {
      const mean = (of: tf.Tensor4D): tf.Tensor => tf.avgPool(padded(of, pads!, 0), size as [number, number], strides as [number, number], "valid");
      const last = toLast(x!);
      return toFirst(tf.div(mean(last), mean(tf.onesLike(last))));
    }
    case "GlobalAveragePool":
      return tf.mean(x!, [2, 3], true);
    case "Clip":
      return tf.minimum(tf.maximum(x!, w!), b!);
    case "Softmax":
      return tf.softmax(x!, attributes["axis"] as number);
    case "Relu":
      return tf.relu(x!);
    case "Elu":
      return tf.elu(x!);
    case "Selu":
      return tf.selu(x!);
    case "Tanh":
      return tf.tanh(x!);
    case "Sigmoid":
      return tf.sigmoid(x!);
    case "Softplus":
      return tf.softplus(x!);
    default:
      throw new Error(`op ${type}`);
  }
}

export function runOnnx(graph: ReadGraph, inputs: Float32Array, shape: number[]): Float32Array {
  return tf.tidy(() => {
    const tensors = new Map<string, tf.Tensor>([...graph.tensors].map(([name, { dims, values }]) => [name, tf.tensor(values, dims)]));
    tensors.set(graph.input.name, tf.tensor(inputs, shape));
    for (const node of graph.nodes) tensors.set(node.output, compute(node, node.inputs.map((name) => tensors.get(name)!)));
    return tensors.get(graph.output)!.dataSync() as Float32Array;
  });
}
