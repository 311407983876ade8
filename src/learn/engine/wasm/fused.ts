import type * as tf from "@tensorflow/tfjs-core";
import { FUSED } from "../ops/fused.ts";
import { registerWasmKernel, type Heap } from "./heap.ts";

const size = ({ shape }: tf.TensorInfo): number => shape.reduce((a, b) => a * b, 1);
const number = (attrs: Record<string, unknown>, name: string): number => attrs[name] as number;

/** The fused kernels of src/learn/engine/ops on the WASM backend. */
export function registerFused({ kernels, address, output, scratch }: Heap): void {
  registerWasmKernel(FUSED.layerNorm, ({ inputs: { x, gain, bias }, attrs }) => {
    const [rows, width] = x!.shape as [number, number];
    const [y, stats] = [output(x!.shape), output([rows, 2])];
    kernels.layerNorm(address(x!), address(gain!), address(bias!), address(y), address(stats), rows, width, number(attrs, "epsilon"));
    return [y, stats];
  });
  registerWasmKernel(FUSED.layerNormGrad, ({ inputs: { x, gain, stats, dy } }) => {
    const [rows, width] = x!.shape as [number, number];
    const [dx, dgain, dbias] = [output(x!.shape), output([width]), output([width])];
    kernels.layerNormGrad(address(x!), address(gain!), address(stats!), address(dy!), address(dx), address(dgain), address(dbias), rows, width);
    return [dx, dgain, dbias];
  });

  registerWasmKernel(FUSED.gelu, ({ inputs: { x } }) => {
    const y = output(x!.shape);
    kernels.gelu(address(x!), address(y), size(x!));
    return y;
  });
  registerWasmKernel(FUSED.geluGrad, ({ inputs: { x, dy } }) => {
    const dx = output(x!.shape);
    kernels.geluGrad(address(x!), address(dy!), address(dx), size(x!));
    return dx;
  });

  registerWasmKernel(FUSED.dropout, ({ inputs: { x }, attrs }) => {
    const y = output(x!.shape);
    // A rate below 2^-32 keeps all: 2^31 would be negative as a signed integer.
    kernels.dropout(address(x!), address(y), size(x!), number(attrs, "seed"), Math.min(number(attrs, "keep"), 0x7fffffff), number(attrs, "scale"));
    return y;
  });

  registerWasmKernel(FUSED.crossEntropy, ({ inputs: { logits, labels } }) => {
    const [rows, width] = logits!.shape as [number, number];
    const [losses, logs] = [output([rows]), output([rows])];
    kernels.crossEntropy(address(logits!), address(labels!), address(losses), address(logs), rows, width);
    return [losses, logs];
  });
  registerWasmKernel(FUSED.crossEntropyGrad, ({ inputs: { logits, labels, logs, dlosses } }) => {
    const [rows, width] = logits!.shape as [number, number];
    const dlogits = output([rows, width]);
    kernels.crossEntropyGrad(address(logits!), address(labels!), address(logs!), address(dlosses!), address(dlogits), rows, width);
    return dlogits;
  });

  registerWasmKernel(FUSED.attention, ({ inputs: { qkv }, attrs }) => {
    const { batch, time, width, heads, head, scale } = attentionShape(qkv!, attrs);
    const [out, logs] = [output([batch, time, width]), output([batch, heads, time])];
    kernels.attention(address(qkv!), address(out), address(logs), batch, time, heads, head, scale, scratch(kernels.attentionScratchBytes(time)));
    return [out, logs];
  });
  registerWasmKernel(FUSED.attentionGrad, ({ inputs: { qkv, logs, dy }, attrs }) => {
    const { batch, time, heads, head, scale } = attentionShape(qkv!, attrs);
    const dqkv = output(qkv!.shape);
    kernels.attentionGrad(address(qkv!), address(logs!), address(dy!), address(dqkv), batch, time, heads, head, scale, scratch(kernels.attentionScratchBytes(time)));
    return dqkv;
  });
}

function attentionShape({ shape }: tf.TensorInfo, attrs: Record<string, unknown>) {
  const [batch, time, triple] = shape as [number, number, number];
  const heads = number(attrs, "heads");
  const width = triple / 3;
  const head = width / heads;
  if (!Number.isInteger(head)) throw new Error(`attention: ${heads} heads do not divide a width of ${width}`);
  return { batch, time, width, heads, head, scale: 1 / Math.sqrt(head) };
}
