import * as tf from "@tensorflow/tfjs-core";

/**
 * Names of the fused kernels. A backend that registers both kernels of an op runs them; any other one runs the op put
 * together from tfjs's own, which is also what the fused kernels are tested against.
 */
export const FUSED = {
  adamw: "HromadaAdamW",
  attention: "HromadaAttention",
  attentionGrad: "HromadaAttentionGrad",
  crossEntropy: "HromadaCrossEntropy",
  crossEntropyGrad: "HromadaCrossEntropyGrad",
  dropout: "HromadaDropout",
  gelu: "HromadaGelu",
  geluGrad: "HromadaGeluGrad",
  gradientScale: "HromadaGradientScale",
  layerNorm: "HromadaLayerNorm",
  layerNormGrad: "HromadaLayerNormGrad",
  pack: "HromadaPack",
  unpack: "HromadaUnpack",
} as const;

export const isFused = (op: keyof typeof FUSED): boolean => tf.getKernel(FUSED[op], tf.getBackend()) !== undefined;

/** Runs a fused kernel of the current backend; its outputs in the kernel's order. */
export function runFused(op: keyof typeof FUSED, inputs: Record<string, tf.Tensor> | tf.Tensor[], attrs: Record<string, unknown> = {}): tf.Tensor[] {
  const outputs = tf.engine().runKernel(FUSED[op], inputs as unknown as tf.NamedTensorMap, attrs as tf.NamedAttrMap) as tf.Tensor | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}

/**
 * Frees what a gradient was computed from: its dy and what the forward pass saved for it. tfjs holds all of that until the
 * whole backward pass is over, when the gradients of all weights are there too.
 */
export function lastUse<Result>(tensors: readonly tf.Tensor[], run: () => Result): Result {
  const result = run();
  for (const tensor of tensors) tensor.dispose();
  return result;
}
