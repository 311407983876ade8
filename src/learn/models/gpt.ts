import * as tf from "@tensorflow/tfjs-core";
// Brings the gradients of all ops.
import "@tensorflow/tfjs-layers";
import { createRandom } from "../../wire/random.ts";
import { addGradient, type BatchResult, type GradientSum } from "../engine/micro-batches.ts";
import { causalAttention } from "../engine/ops/attention.ts";
import { crossEntropy } from "../engine/ops/cross-entropy.ts";
import { dropout } from "../engine/ops/dropout.ts";
import { gelu } from "../engine/ops/gelu.ts";
import { layerNorm } from "../engine/ops/layer-norm.ts";
import { linear } from "../engine/ops/linear.ts";
import { pack } from "../engine/ops/pack.ts";
import { plus, reshape } from "../engine/ops/shape.ts";
import { takeValues } from "../engine/take-values.ts";
import { TaskError } from "../errors.ts";

export interface GptConfig {
  /** Distinct tokens. */
  vocabulary: number;
  /** Most positions of a sequence. */
  context: number;
  layers: number;
  /** Divides `width`. */
  heads: number;
  width: number;
  /** Part of the embeddings and of each block's two outputs that training leaves out, 0 ≤ x < 1. */
  dropout: number;
}

/** A batch of sequences of `time` tokens, one after another. */
export interface Sequences {
  tokens: Int32Array;
  /** What follows each token; as long as `tokens`. */
  targets: Int32Array;
  time: number;
}

export interface Gpt {
  parameters: number;
  /** As `pieces` of a `Model`. */
  pieces: { length: number; decays: boolean }[];
  /** Shapes of the weights, one for each piece. */
  shapes: number[][];
  /** As `gradient`, of weights on the backend: one vector [2 + parameters] of the loss, the right part and the gradient. */
  packedGradient(weights: tf.Tensor[], batch: Sequences, seed: number): tf.Tensor1D;
  /**
   * Mean cross-entropy in nats, the part of the tokens that were guessed right, and the gradient [parameters], added to
   * `to` if it is there. `seed` decides what dropout leaves out.
   */
  gradient(params: Float32Array, batch: Sequences, seed: number, to?: GradientSum): Promise<BatchResult>;
  /** Mean cross-entropy in nats, without dropout. */
  loss(params: Float32Array, batch: Sequences): Promise<number>;
  /** That and the part of the tokens that were guessed right. */
  score(params: Float32Array, batch: Sequences): Promise<{ loss: number; accuracy: number }>;
  /** The loss of each sequence. */
  losses(params: Float32Array, batch: Sequences): Promise<Float32Array>;
  /** Logits [tokens, vocabulary] of what follows each of the `tokens` of one sequence, or of several of length `time`. */
  logits(params: Float32Array, tokens: Int32Array, time?: number): Promise<Float32Array>;
}

interface Piece {
  shape: number[];
  /** Standard deviation of the first weights; absent: they are all `start`. */
  deviation?: number;
  start?: number;
}

/**
 * A GPT of raw ops: the architecture of GPT-2 (Radford et al., 2019) with tied embeddings. Params are one flat float32
 * vector in the order of `layout`. Runs on the current backend.
 * @throws TaskError `bad-model`
 */
export function createGpt(config: GptConfig): Gpt {
  const pieces = layout(config);
  const sizes = pieces.map(({ shape }) => tf.util.sizeFromShape(shape));
  const parameters = sizes.reduce((a, b) => a + b, 0);

  const upload = (params: Float32Array): tf.Tensor[] => {
    if (params.length !== parameters) throw new TaskError("wrong-length", `${params.length} parameters for a model of ${parameters}`);
    let at = 0;
    return pieces.map(({ shape }, i) => tf.tensor(params.subarray(at, (at += sizes[i]!)), shape));
  };

  const packedGradient = (weights: tf.Tensor[], batch: Sequences, seed: number): tf.Tensor1D =>
    tf.tidy(() => {
      const scores: tf.Scalar[] = [];
      const { value, grads } = tf.valueAndGrads((...inputs: tf.Tensor[]) => {
        const logits = forward(config, inputs, batch.tokens, batch.time, seed);
        scores.push(tf.keep(rightPart(logits, batch.targets)));
        return lossOf(logits, batch.targets);
      })(weights);
      const packed = pack([value, ...scores, ...grads]);
      tf.dispose(scores);
      return packed;
    });

  return {
    parameters,
    pieces: pieces.map(({ shape }, i) => ({ length: sizes[i]!, decays: shape.length > 1 })),
    shapes: pieces.map(({ shape }) => shape),

    packedGradient(weights, batch, seed) {
      check(batch, config);
      return packedGradient(weights, batch, seed);
    },

    async gradient(params, batch, seed, to) {
      check(batch, config);
      return takeValues(
        tf.tidy(() => packedGradient(upload(params), batch, seed)),
        (numbers) => ({ loss: numbers[0]!, accuracy: numbers[1]!, gradient: addGradient(numbers.subarray(2), to) }),
      );
    },

    async loss(params, batch) {
      check(batch, config);
      return takeValues(tf.tidy(() => lossOf(forward(config, upload(params), batch.tokens, batch.time, null), batch.targets)), (numbers) => numbers[0]!);
    },

    async score(params, batch) {
      check(batch, config);
      return takeValues(
        tf.tidy(() => {
          const logits = forward(config, upload(params), batch.tokens, batch.time, null);
          return tf.stack([lossOf(logits, batch.targets), rightPart(logits, batch.targets)]);
        }),
        (numbers) => ({ loss: numbers[0]!, accuracy: numbers[1]! }),
      );
    },

    async losses(params, batch) {
      check(batch, config);
      return takeValues(
        tf.tidy(() => tf.mean(tf.reshape(crossEntropy(forward(config, upload(params), batch.tokens, batch.time, null), tf.tensor1d(batch.targets, "int32")), [-1, batch.time]), 1)),
        (numbers) => numbers.slice(),
      );
    },

    async logits(params, tokens, time = tokens.length) {
      check({ tokens, targets: tokens, time }, config);
      return takeValues(tf.tidy(() => forward(config, upload(params), tokens, time, null)), (numbers) => numbers.slice());
    },
  };
}

/**
 * First weights after GPT-2, uniform instead of normal with the same deviation, so that only arithmetic is used which
 * all engines round alike: all devices start with the same bytes.
 */
export function initialGpt(config: GptConfig, seed: number): Float32Array<ArrayBuffer> {
  const random = createRandom([seed, "initial"]);
  const pieces = layout(config);
  const params = new Float32Array(pieces.reduce((sum, { shape }) => sum + tf.util.sizeFromShape(shape), 0));
  let at = 0;
  for (const { shape, deviation, start = 0 } of pieces) {
    for (const end = at + tf.util.sizeFromShape(shape); at < end; at++) params[at] = deviation === undefined ? start : (2 * random.uniform() - 1) * Math.sqrt(3) * deviation;
  }
  return params;
}

const BLOCK_PIECES = 12;

function layout({ vocabulary, context, layers, heads, width, dropout: rate }: GptConfig): Piece[] {
  if (width % heads !== 0) throw new TaskError("bad-model", `${heads} heads do not divide a width of ${width}`);
  if (!(rate >= 0 && rate < 1)) throw new TaskError("bad-model", `a dropout of ${rate}; it is at least 0 and below 1`);
  const deviation = 0.02;
  // Two outputs a block are added up along the way.
  const inner = deviation / Math.sqrt(2 * layers);
  const norm: Piece[] = [{ shape: [width], start: 1 }, { shape: [width] }];
  const linear = (from: number, to: number, spread: number): Piece[] => [{ shape: [from, to], deviation: spread }, { shape: [to] }];
  const block = [...norm, ...linear(width, 3 * width, deviation), ...linear(width, width, inner), ...norm, ...linear(width, 4 * width, deviation), ...linear(4 * width, width, inner)];
  return [{ shape: [vocabulary, width], deviation }, { shape: [context, width], deviation }, ...Array.from({ length: layers }, () => block).flat(), ...norm];
}

function check({ tokens, targets, time }: Sequences, { vocabulary, context }: GptConfig): void {
  if (time < 1 || time > context || tokens.length === 0 || tokens.length % time !== 0 || targets.length !== tokens.length) {
    throw new TaskError("wrong-length", `${tokens.length} tokens and ${targets.length} targets in sequences of ${time}; a sequence has at most ${context}`);
  }
  if (![tokens, targets].every((part) => part.every((token) => token >= 0 && token < vocabulary))) throw new TaskError("wrong-length", `tokens are 0 to ${vocabulary - 1}`);
}

const lossOf = (logits: tf.Tensor2D, targets: Int32Array): tf.Scalar => tf.mean(crossEntropy(logits, tf.tensor1d(targets, "int32")));

const rightPart = (logits: tf.Tensor2D, targets: Int32Array): tf.Scalar =>
  tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), tf.tensor1d(targets, "int32")), "float32"));

/** Logits [tokens, vocabulary]. */
function forward({ heads, layers, width, dropout: rate }: GptConfig, weights: tf.Tensor[], tokens: Int32Array, time: number, seed: number | null): tf.Tensor2D {
  const random = seed === null ? null : createRandom([seed, "dropout"]);
  const drop = (x: tf.Tensor2D) => (random ? dropout(x, rate, random.uint32() | 0) : x);
  const affine = (x: tf.Tensor2D, at: number) => linear(x, weights[at] as tf.Tensor2D, weights[at + 1] as tf.Tensor1D);
  const norm = (x: tf.Tensor2D, at: number) => layerNorm(x, weights[at] as tf.Tensor1D, weights[at + 1] as tf.Tensor1D);
  const [table, places] = weights as [tf.Tensor2D, tf.Tensor2D];
  const batch = tokens.length / time;

  const embedded = tf.reshape(tf.gather(table, tf.tensor1d(tokens, "int32")), [batch, time, width]);
  let x = drop(tf.reshape(tf.add(embedded, tf.slice(places, 0, time)), [tokens.length, width]));
  for (let layer = 0; layer < layers; layer++) {
    const at = 2 + BLOCK_PIECES * layer;
    const qkv = reshape<tf.Tensor3D>(affine(norm(x, at), at + 2), [batch, time, 3 * width]);
    const attended = reshape<tf.Tensor2D>(causalAttention(qkv, heads), [tokens.length, width]);
    x = plus(x, drop(affine(attended, at + 4)));
    x = plus(x, drop(affine(gelu(affine(norm(x, at + 6), at + 8)), at + 10)));
  }
  return tf.matMul(norm(x, 2 + BLOCK_PIECES * layers), table, false, true);
}
