/** The secure sum in a real browser: for the end-to-end test, and for `npm run bench -- securesum`. */
import type { MainModule } from "node-seal";
import sealUrl from "../../node_modules/node-seal/dist/seal_throws.wasm?url";
import { encryptBlock, encryptUpdate, holdKey, openBlock, type EncryptionKey, type Engine, type OpeningKey } from "../../src/securesum/blocks.ts";
import { recoverSecret } from "../../src/securesum/decode.ts";
import { compileRing, createRingKernel, createShamirKernel } from "../../src/securesum/kernel.ts";
import { BLOCK_BYTES, groupOf, layoutOf, N } from "../../src/securesum/params.ts";
import { addPieces } from "../../src/securesum/pieces.ts";
import { createSumPool, type StartedWorker } from "../../src/securesum/pool.ts";
import { createSealRing, startSeal } from "../../src/securesum/ring.seal.ts";
import { createWasmRing } from "../../src/securesum/ring.wasm.ts";
import { dealRows, drawPolynomials, sumDealings } from "../../src/securesum/shamir.ts";
import { createRandom } from "../../src/wire/random.ts";

const DEVICES = 64;
const WRONG = 10;
/** Long beside the clock's resolution, short beside a turn of the scheduler. */
const SAMPLE_MS = 2;
const ROUNDS = 40;
/** DISCO's group in the comparison. */
const DISCO_PEERS = 10;

/** Milliseconds that so many values take. */
export interface Timing {
  ms: number;
  values: number;
}

export interface Measured {
  timings: Record<string, Timing>;
  bytesPerValue: Record<string, number>;
}

export interface SumHarness {
  /** Encrypts and opens the same on both rings, and says whether all bytes were equal. */
  compareRings(blocks: number): { ciphertexts: boolean; sums: boolean };
  /** Encrypts with a pool of workers; says whether it gave the bytes of one thread. */
  comparePool(values: number, workers: number): Promise<{ seal: boolean; wasm: boolean }>;
  measure(): Measured;
}

declare global {
  var securesum: SumHarness | undefined;
}

const modules = { ring: compileRing(), seal: await WebAssembly.compileStreaming(fetch(sealUrl)) };
const seal = await startSeal(modules.seal);
const layout = layoutOf(8, DEVICES);
const context = { session: new Uint8Array(32).fill(4), round: 1, attempt: 0 };

const wasmEngine = (): Engine => {
  const kernel = createRingKernel(modules.ring);
  return { kernel, ring: createWasmRing(kernel), held: null };
};
const sealEngine = (): Engine => {
  const kernel = createRingKernel(modules.ring);
  return { kernel, ring: createSealRing(kernel, seal), held: null };
};
const keyOf = (): EncryptionKey => ({ context, layout, seed: new Uint8Array(32).fill(5) });
const updateOf = (count: number): Int8Array => Int8Array.from({ length: count }, (_, i) => ((i * 31) % 255) - 127);
const equal = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => a.length === b.length && Array.prototype.every.call(a, (x: number, i: number) => x === b[i]);

/** What a sum of one device opens with. */
function openingKey(engine: Engine): OpeningKey {
  holdKey(engine, keyOf());
  return { context, layout, devices: 1, secret: engine.kernel.secret.slice() };
}

function compareRings(blocks: number): { ciphertexts: boolean; sums: boolean } {
  const [ours, theirs] = [wasmEngine(), sealEngine()];
  const values = updateOf(blocks * layout.perBlock);
  const mine = [...encryptUpdate(ours, keyOf(), values)];
  const ciphertexts = [...encryptUpdate(theirs, keyOf(), values)].every((block, k) => equal(block, mine[k]!));
  const key = openingKey(ours);
  holdKey(ours, key);
  holdKey(theirs, key);
  const sums = mine.every((block, k) => {
    const expected = values.subarray(k * layout.perBlock, (k + 1) * layout.perBlock);
    return equal(openBlock(ours, key, k, block), expected) && equal(openBlock(theirs, key, k, block), expected);
  });
  theirs.ring.close();
  return { ciphertexts, sums };
}

function startWorker(): StartedWorker {
  const worker = new Worker(new URL("../../src/workers/entry/seal.ts", import.meta.url), { type: "module" });
  const gone = new AbortController();
  worker.addEventListener("error", ({ message }) => gone.abort(new Error(message || "the worker could not be loaded")));
  return { port: worker, gone: gone.signal, terminate: () => worker.terminate() };
}

async function comparePool(count: number, size: number): Promise<{ seal: boolean; wasm: boolean }> {
  const values = updateOf(count);
  const matches = async (own: WebAssembly.Module | null): Promise<boolean> => {
    const pool = createSumPool({ size, modules: { ring: modules.ring, seal: own }, startWorker });
    const expected = encryptUpdate(wasmEngine(), keyOf(), values);
    let same = true;
    for await (const batch of pool.encrypt(keyOf(), values)) {
      for (let at = 0; at < batch.length; at += BLOCK_BYTES) same &&= equal(batch.subarray(at, at + BLOCK_BYTES), expected.next().value as Uint8Array);
    }
    pool.close();
    return same && expected.next().done === true;
  };
  return { seal: await matches(modules.seal), wasm: await matches(null) };
}

/** CKKS slots as commonly used: public-key encryption of floats, serialised with the default compression. */
function ckks(instance: MainModule, degree: number, bits: number[], scale: number) {
  const parameters = new instance.EncryptionParameters(instance.SchemeType.ckks);
  parameters.setPolyModulusDegree(degree);
  parameters.setCoeffModulus(instance.CoeffModulus.Create(degree, Int32Array.from(bits)));
  const own = new instance.SEALContext(parameters, true, instance.SecLevelType.tc128);
  const keys = new instance.KeyGenerator(own);
  const encryptor = new instance.Encryptor(own, keys.createPublicKey());
  const decryptor = new instance.Decryptor(own, keys.secretKey());
  const encoder = new instance.CKKSEncoder(own);
  const evaluator = new instance.Evaluator(own);
  const [plain, ciphertext, sum] = [new instance.Plaintext(), new instance.Ciphertext(), new instance.Ciphertext()];
  const values = Float64Array.from({ length: degree / 2 }, (_, i) => Math.sin(i) / 10);
  const encrypt = (): number => {
    encoder.encode(values, scale, plain);
    encryptor.encrypt(plain, ciphertext);
    return (ciphertext.saveToArray(instance.ComprModeType.zstd) as Uint8Array).length;
  };
  const bytes = encrypt();
  encryptor.encrypt(plain, sum);
  return {
    slots: values.length,
    bytes,
    encrypt,
    add: () => evaluator.addInplace(sum, ciphertext),
    open() {
      decryptor.decrypt(sum, plain);
      return encoder.decodeFloat64(plain) as Float64Array;
    },
  };
}

/** DISCO's additive secret shares, their arithmetic written anew: n − 1 random shares, and what is missing to the secret. */
function discoShares(secret: Float32Array): Float32Array[] {
  const last = secret.slice();
  const shares = Array.from({ length: DISCO_PEERS - 1 }, () => {
    const share = new Float32Array(secret.length);
    for (let i = 0; i < share.length; i++) {
      share[i] = 200 * Math.random() - 100;
      last[i] = last[i]! - share[i]!;
    }
    return share;
  });
  return [...shares, last];
}

/** 64 devices' shares of a sum of secrets, some of them wrong. */
function sharesOfSum(): Map<number, Uint8Array> {
  const shamir = createShamirKernel();
  const random = createRandom("shares");
  const dealings = Array.from({ length: DEVICES }, () => {
    const seed = Uint8Array.from({ length: 32 }, () => random.below(256));
    drawPolynomials(shamir, Int16Array.from({ length: N }, () => random.below(25) - 12), seed, groupOf(DEVICES).threshold);
    return dealRows(shamir, groupOf(DEVICES));
  });
  const shares = new Map(dealings[0]!.map((_, holder) => [holder, sumDealings(shamir, dealings.map((own) => own[holder]!)) as Uint8Array]));
  for (let holder = 0; holder < WRONG; holder++) shares.set(holder, shares.get(63 - holder)!);
  return shares;
}

function measure(): Measured {
  const [ours, theirs, opener] = [wasmEngine(), sealEngine(), wasmEngine()];
  const key = keyOf();
  holdKey(ours, key);
  holdKey(theirs, key);
  const opening = openingKey(opener);
  holdKey(opener, opening);
  const values = updateOf(layout.perBlock);
  const block = encryptBlock(ours, key, 0, values).slice();
  const summands = Array.from({ length: DEVICES }, () => block);
  const shares = sharesOfSum();
  const shamir = createShamirKernel();
  const common = ckks(seal, 8192, [60, 40, 40, 60], 2 ** 40);
  const small = ckks(seal, 4096, [46, 16, 46], 2 ** 20);
  const secret = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i));
  const masked = new Uint16Array(ours.kernel.stream.length / 2);
  const adder = wasmEngine().kernel;
  const masks = createRingKernel(modules.ring);
  const mask = new Uint16Array(masks.stream.buffer, masks.stream.byteOffset, masked.length);

  const tasks: Record<string, { values: number; run: () => unknown }> = {
    encryptWasm: { values: layout.perBlock, run: () => encryptBlock(ours, key, 0, values) },
    encryptSeal: { values: layout.perBlock, run: () => encryptBlock(theirs, key, 0, values) },
    add: { values: DEVICES * N, run: () => addPieces(adder, summands) },
    openBlock: { values: layout.perBlock, run: () => openBlock(opener, opening, 0, block) },
    recover: { values: 1, run: () => recoverSecret(shamir, shares, groupOf(DEVICES).threshold, DEVICES) },
    ckksEncrypt: { values: common.slots, run: common.encrypt },
    ckksAdd: { values: common.slots, run: common.add },
    ckksOpen: { values: common.slots, run: common.open },
    ckksSmallEncrypt: { values: small.slots, run: small.encrypt },
    disco: { values: secret.length, run: () => discoShares(secret) },
    mask: {
      values: masked.length,
      run() {
        masks.draw(1, 2, 3);
        for (let i = 0; i < masked.length; i++) masked[i] = values[i % values.length]! + mask[i]!;
      },
    },
  };
  const timings = Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, { ms: Infinity, values: task.values }]));
  // In turns, and the best of each: other work on the machine only ever adds time.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, { run }] of Object.entries(tasks)) {
      let runs = 0;
      const start = performance.now();
      do {
        run();
        runs++;
      } while (performance.now() - start < SAMPLE_MS);
      timings[name]!.ms = Math.min(timings[name]!.ms, (performance.now() - start) / runs);
    }
  }
  return {
    timings,
    bytesPerValue: { ours: BLOCK_BYTES / layout.perBlock, ckks: common.bytes / common.slots, ckksSmall: small.bytes / small.slots, disco: 2 * (DISCO_PEERS - 1) * 4, mask: 14 / 8 },
  };
}

globalThis.securesum = { compareRings, comparePool, measure };
