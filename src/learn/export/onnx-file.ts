import { concatBytes } from "@noble/hashes/utils.js";
import { bytes, float, int, message, text } from "./protobuf.ts";

/** Numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto: field by field as that file names them. */
const IR_VERSION = 8;
const OPSET = 13;
const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE = { float: 1, int: 2, ints: 7 } as const;

export type Attribute = number | readonly number[] | { float: number };

export interface OnnxNode {
  type: string;
  inputs: string[];
  output: string;
  attributes?: Record<string, Attribute>;
}

export interface OnnxTensor {
  name: string;
  dims: number[];
  values: Float32Array | BigInt64Array;
}

export interface OnnxGraph {
  name: string;
  nodes: OnnxNode[];
  initialisers: OnnxTensor[];
  /** Of one sample; a batch of any size comes before it. */
  input: { name: string; shape: number[] };
  output: { name: string; shape: number[] };
  metadata: Record<string, string>;
}

/** AttributeProto: name 1, f 2, i 3, ints 8, type 20. */
function attribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === "number") return message(5, text(1, name), int(3, value), int(20, ATTRIBUTE.int));
  if ("float" in value) return message(5, text(1, name), float(2, value.float), int(20, ATTRIBUTE.float));
  return message(5, text(1, name), ...value.map((item) => int(8, item)), int(20, ATTRIBUTE.ints));
}

/** NodeProto: input 1, output 2, name 3, op_type 4, attribute 5. */
const node = ({ type, inputs, output, attributes = {} }: OnnxNode): Uint8Array =>
  message(1, ...inputs.map((name) => text(1, name)), text(2, output), text(3, output), text(4, type), ...Object.entries(attributes).map(([name, value]) => attribute(name, value)));

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9, little-endian as the machine's own (every browser's is). */
const tensor = ({ name, dims, values }: OnnxTensor): Uint8Array =>
  message(5, ...dims.map((dim) => int(1, dim)), int(2, values instanceof Float32Array ? FLOAT : INT64), text(8, name), bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)));

/** ValueInfoProto: name 1, type 2; TypeProto: tensor_type 1 (elem_type 1, shape 2); a dim: dim_value 1, dim_param 2. */
const value = (field: number, { name, shape }: OnnxGraph["input"]): Uint8Array =>
  message(field, text(1, name), message(2, message(1, int(1, FLOAT), message(2, message(1, text(2, "batch")), ...shape.map((side) => message(1, int(1, side)))))));

/**
 * ModelProto: ir_version 1, producer_name 2, graph 7, opset_import 8, metadata_props 14. GraphProto: node 1, name 2,
 * initializer 5, input 11, output 12.
 */
export function onnxFile({ name, nodes, initialisers, input, output, metadata }: OnnxGraph): Uint8Array<ArrayBuffer> {
  const graph = message(7, ...nodes.map(node), text(2, name), ...initialisers.map(tensor), value(11, input), value(12, output));
  const properties = Object.entries(metadata).map(([key, said]) => message(14, text(1, key), text(2, said)));
  return concatBytes(int(1, IR_VERSION), text(2, "Hromada"), graph, message(8, text(1, ""), int(2, OPSET)), ...properties) as Uint8Array<ArrayBuffer>;
}
