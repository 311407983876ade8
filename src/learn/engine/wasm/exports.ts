/** What src/wasm/assembly/learn.ts exports; each is described there. Addresses are in bytes, lengths in values. */
export interface LearnKernels {
  matmulScratchBytes(): number;
  matmulBatch(batch: number, m: number, n: number, k: number, a: number, aStep: number, transposeA: number, b: number, bStep: number, transposeB: number, c: number, bias: number, scratch: number): void;
  convolutionScratchBytes(patch: number): number;
  /** x, w, y, then the geometry, filters and scratch. */
  convolution(...numbers: number[]): void;
  /** x, dy, dw, then the geometry, filters and scratch. */
  convolutionGradFilter(...numbers: number[]): void;
  /** dy, w, dx, then the geometry, filters and scratch. */
  convolutionGradInput(...numbers: number[]): void;
  depthwiseGrad(...numbers: number[]): void;
  maxPoolGrad(...numbers: number[]): void;
  columnSums(x: number, sums: number, rows: number, width: number): void;
  segmentSum(x: number, ids: number, out: number, rows: number, width: number, segments: number): void;
  layerNorm(x: number, gain: number, bias: number, y: number, stats: number, rows: number, width: number, epsilon: number): void;
  layerNormGrad(x: number, gain: number, stats: number, dy: number, dx: number, dgain: number, dbias: number, rows: number, width: number): void;
  gelu(x: number, y: number, length: number): void;
  geluGrad(x: number, dy: number, dx: number, length: number): void;
  dropout(x: number, y: number, length: number, seed: number, keep: number, scale: number): void;
  crossEntropy(logits: number, labels: number, losses: number, logs: number, rows: number, width: number): void;
  crossEntropyGrad(logits: number, labels: number, logs: number, dlosses: number, dlogits: number, rows: number, width: number): void;
  attentionScratchBytes(time: number): number;
  attention(qkv: number, out: number, logs: number, batch: number, time: number, heads: number, size: number, scale: number, scratch: number): void;
  attentionGrad(qkv: number, logs: number, dout: number, dqkv: number, batch: number, time: number, heads: number, size: number, scale: number, scratch: number): void;
}
