import { SumError } from "./errors.ts";
import type { RingKernel } from "./kernel.ts";
import { BLOCK_BYTES, sumBound, within, type Layout } from "./params.ts";
import { commonStart, PURPOSE, type Context } from "./randomness.ts";
import type { Ring } from "./ring.ts";

/** A kernel, and what does the ring's arithmetic on its residues. It holds one key at a time. */
export interface Engine {
  readonly kernel: RingKernel;
  readonly ring: Ring;
  held: EncryptionKey | OpeningKey | null;
}

/** All that one update is encrypted under. Whoever has the seed has the secret: it is zeroed after use. */
export interface EncryptionKey {
  context: Context;
  /** 32 bytes. */
  seed: Uint8Array;
  layout: Layout;
}

/** What a summed update is opened with. */
export interface OpeningKey {
  context: Context;
  /** S_U. */
  secret: Int16Array;
  layout: Layout;
  /** |U| */
  devices: number;
}

/** Writes the common randomness of block k to the kernel. */
export function expandCommon(kernel: RingKernel, context: Context, k: number): void {
  const { key, nonce } = commonStart(context, k);
  kernel.key.set(key);
  kernel.expand(...nonce);
}

/** Draws the one-time secret of a seed, in the kernel. */
export function drawSecret(kernel: RingKernel, seed: Uint8Array): Int16Array {
  kernel.key.set(seed);
  kernel.draw(PURPOSE.secret, 0, 0);
  kernel.sampleSecret();
  return kernel.secret;
}

/** Forgets what `drawSecret` left in the kernel. */
export function forgetDraws({ key, stream, secret }: RingKernel): void {
  for (const region of [key, stream, secret]) region.fill(0);
}

/** Nothing secret stays in the engine. */
export function erase(engine: Engine): void {
  const { kernel, ring } = engine;
  engine.held = null;
  ring.erase();
  forgetDraws(kernel);
  for (const region of [kernel.x, kernel.values]) region.fill(0);
}

/**
 * Makes the engine hold a key, so that blocks can be encrypted or opened under it.
 * @throws SumError `reused-key` for a seed that was zeroed after its use: everybody knows that one's secret
 */
export function holdKey(engine: Engine, key: EncryptionKey | OpeningKey): void {
  const { kernel, ring } = engine;
  if ("seed" in key && key.seed.every((byte) => byte === 0)) throw new SumError("reused-key", "this key was used before; retry with a new contributor and a new seed");
  if ("seed" in key) drawSecret(kernel, key.seed);
  else kernel.secret.set(key.secret);
  ring.hold("seed" in key ? -1 : 1);
  engine.held = key;
}

/** A block under a key that is not held would be open to all, or be the second one under another's secret. */
function requireHeld({ held }: Engine, key: EncryptionKey | OpeningKey): void {
  if (held !== key) throw new SumError("reused-key", "the engine does not hold this key any more; one job at a time");
}

/**
 * Block k of an update.
 * @param values at most a block of them; what is missing counts as zero
 * @returns BLOCK_BYTES bytes, in the kernel's memory until the next call
 * @throws SumError `out-of-range` for a value beyond the layout's limit; `reused-key` if the key is not held
 */
export function encryptBlock(engine: Engine, key: EncryptionKey, k: number, values: Int8Array | Int32Array): Uint8Array {
  requireHeld(engine, key);
  const { kernel, ring } = engine;
  const { context, seed, layout } = key;
  kernel.values.fill(0);
  kernel.values.set(values);
  if (!kernel.packFields(layout.fields, layout.width, layout.limit)) throw new SumError("out-of-range", `block ${k} holds a value beyond ±${layout.limit}; clip the update first`);
  kernel.key.set(seed);
  kernel.draw(PURPOSE.error, k, 0);
  kernel.addErrors();
  expandCommon(kernel, context, k);
  ring.hide();
  kernel.pack();
  return kernel.wire;
}

/**
 * The sums of block k's values.
 * @returns a block of them, in the kernel's memory until the next call
 * @throws SumError `malformed`; `garbage` where the noise is beyond 8σ√|U|, which honest devices do not send;
 *   `reused-key` if the key is not held
 */
export function openBlock(engine: Engine, key: OpeningKey, k: number, block: Uint8Array): Int32Array {
  requireHeld(engine, key);
  const { kernel, ring } = engine;
  const { context, layout, devices } = key;
  if (block.length !== BLOCK_BYTES) throw new SumError("malformed", `a block of ${block.length} bytes where ${BLOCK_BYTES} are due`, k);
  kernel.wire.set(block);
  if (!kernel.unpack()) throw new SumError("malformed", "a block with a residue that is not below q", k);
  expandCommon(kernel, context, k);
  ring.reveal();
  const noise = kernel.unpackFields(layout.fields, layout.width, layout.bound);
  // Every device's message was rounded down, by less than 1.
  if (noise > sumBound(devices) + devices) throw new SumError("garbage", `block ${k} is ${noise} off; discard the round`);
  return kernel.values.subarray(0, layout.perBlock);
}

/**
 * Encrypts an update block by block, so that memory does not grow with it, and zeroes the key's seed.
 * @throws SumError `out-of-range`, `reused-key`
 */
export function* encryptUpdate(engine: Engine, key: EncryptionKey, values: Int8Array | Int32Array): Generator<Uint8Array<ArrayBuffer>, void> {
  within(values.length, 1, Number.MAX_SAFE_INTEGER, "values of an update");
  const { perBlock } = key.layout;
  try {
    holdKey(engine, key);
    for (let k = 0; k * perBlock < values.length; k++) {
      yield encryptBlock(engine, key, k, values.subarray(k * perBlock, (k + 1) * perBlock)).slice() as Uint8Array<ArrayBuffer>;
    }
  } finally {
    key.seed.fill(0);
    erase(engine);
  }
}

/** A ciphertext's blocks, one by one. */
export function* blocksIn(ciphertext: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < ciphertext.length; at += BLOCK_BYTES) yield ciphertext.subarray(at, at + BLOCK_BYTES);
}

/**
 * Opens a summed update block by block.
 * @param count values of the update
 * @throws SumError `malformed`, `garbage`
 */
export function* openBlocks(engine: Engine, key: OpeningKey, blocks: Iterable<Uint8Array>, count: number): Generator<Int32Array<ArrayBuffer>, void> {
  const { perBlock } = key.layout;
  try {
    holdKey(engine, key);
    let k = 0;
    for (const block of blocks) {
      if (k * perBlock >= count) throw new SumError("malformed", "more blocks than the update has", k);
      yield openBlock(engine, key, k, block).slice(0, count - k * perBlock) as Int32Array<ArrayBuffer>;
      k++;
    }
    if (k * perBlock < count) throw new SumError("malformed", `${k} blocks of an update that has ${Math.ceil(count / perBlock)}`, k);
  } finally {
    erase(engine);
  }
}
