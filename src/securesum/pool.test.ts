import { expose } from "comlink";
import { afterEach, expect, test } from "vitest";
import { codeOf, installErrorTransfer } from "../workers/bridge.ts";
import { drawSecret, encryptUpdate, openBlocks, type EncryptionKey } from "./blocks.ts";
import { compileRing, createRingKernel } from "./kernel.ts";
import { BLOCK_BYTES, blocksOf, layoutOf } from "./params.ts";
import { addPieces } from "./pieces.ts";
import { BATCH, createSumPool, type StartedWorker, type SumPool } from "./pool.ts";
import { createWasmRing } from "./ring.wasm.ts";
import { serveSum } from "./service.ts";
import { contextOf, engine } from "./testing/room.ts";

installErrorTransfer();

const modules = { ring: compileRing(), seal: null };
const layout = layoutOf(8, 8);
const keyOf = (salt: number): EncryptionKey => ({ context: contextOf(3), seed: new Uint8Array(32).fill(salt), layout });
const updateOf = (count: number): Int8Array => Int8Array.from({ length: count }, (_, i) => (i % 255) - 127);

const pools: SumPool[] = [];
afterEach(() => pools.splice(0).forEach((pool) => pool.close()));

/** The service of a worker at the other end of a channel. */
function startWorker(gone = new AbortController().signal): StartedWorker {
  const { port1, port2 } = new MessageChannel();
  expose(serveSum(), port1);
  return {
    port: port2,
    gone,
    terminate() {
      port1.close();
      port2.close();
    },
  };
}

function open(size: number, gone?: AbortSignal): SumPool {
  const pool = createSumPool({ size, modules, startWorker: () => startWorker(gone) });
  pools.push(pool);
  return pool;
}

async function join(batches: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const batch of batches) parts.push(batch);
  return Buffer.concat(parts);
}

test("a pool encrypts to the same bytes as one thread, whatever its size, and zeroes the seed", async () => {
  const values = updateOf(3 * BATCH * layout.perBlock + 17);
  const expected = Buffer.concat([...encryptUpdate(engine, keyOf(1), values)]);
  expect(expected.length).toBe(blocksOf(values.length, layout) * BLOCK_BYTES);
  for (const size of [1, 3]) {
    const key = keyOf(1);
    expect(Buffer.compare(await join(open(size).encrypt(key, values)), expected)).toBe(0);
    expect(key.seed.every((byte) => byte === 0)).toBe(true);
  }
});

/** The sum of one device's ciphertext twice over is opened with twice its secret. */
function doubled(values: Int8Array): { batches: Uint8Array[]; secret: Int16Array } {
  const sums = [...encryptUpdate(engine, keyOf(2), values)].map((block) => addPieces(engine.kernel, [block, block]));
  const batches: Uint8Array[] = [];
  for (let i = 0; i < sums.length; i += BATCH) batches.push(Buffer.concat(sums.slice(i, i + BATCH)));
  return { batches, secret: drawSecret(engine.kernel, keyOf(2).seed).map((x) => 2 * x) };
}

async function* streamed<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}

test("a pool opens a sum in order, and says when blocks are missing or too many", async () => {
  const values = updateOf(2 * BATCH * layout.perBlock + 1);
  const { batches, secret } = doubled(values);
  const pool = open(2);
  const key = () => ({ context: contextOf(3), secret: secret.slice(), layout, devices: 2 });
  const opened: number[] = [];
  for await (const part of pool.open(key(), streamed(batches), values.length)) opened.push(...part);
  expect(opened).toEqual(Array.from(values, (value) => 2 * value));

  const fail = async (given: readonly Uint8Array[]): Promise<string | null> => {
    try {
      for await (const part of pool.open(key(), streamed(given), values.length)) expect(part.length).toBeGreaterThan(0);
    } catch (error) {
      return codeOf(error);
    }
    return null;
  };
  expect(await fail(batches.slice(1))).toBe("garbage");
  expect(await fail(batches.slice(0, 2))).toBe("malformed");
  expect(await fail([...batches, batches[0]!])).toBe("malformed");
  expect(await fail(batches.with(1, batches[1]!.slice(1)))).toBe("malformed");
  expect(await fail(batches), "what failed leaves nothing behind").toBe(null);
});

test("jobs take turns, and one that is aborted or left makes room for the next", async () => {
  const pool = open(2);
  const values = updateOf(20 * BATCH * layout.perBlock);
  const expected = Buffer.concat([...encryptUpdate(engine, keyOf(5), values.subarray(0, 1000))]);
  const stop = new AbortController();
  const aborted = (async () => {
    let batches = 0;
    for await (const batch of pool.encrypt(keyOf(4), values, stop.signal)) {
      expect(batch.length).toBe(BATCH * BLOCK_BYTES);
      if (++batches === 2) stop.abort(new DOMException("enough", "AbortError"));
    }
  })();
  const next = join(pool.encrypt(keyOf(5), values.subarray(0, 1000)));
  await expect(aborted).rejects.toThrow("enough");
  expect(Buffer.compare(await next, expected)).toBe(0);
  for await (const batch of pool.encrypt(keyOf(4), values)) {
    expect(batch.length).toBeGreaterThan(0);
    break;
  }
  expect(Buffer.compare(await join(pool.encrypt(keyOf(5), values.subarray(0, 1000))), expected)).toBe(0);
});

test("a value beyond the limit, a worker that dies and a closed pool end a job with a typed error", async () => {
  const values = updateOf(10);
  values[3] = -128;
  const pool = open(1);
  await expect(join(pool.encrypt(keyOf(1), values))).rejects.toMatchObject({ code: "out-of-range" });
  const gone = new AbortController();
  const dying = open(1, gone.signal);
  await join(dying.encrypt(keyOf(1), updateOf(10)));
  gone.abort(new Error("the worker died"));
  await expect(join(dying.encrypt(keyOf(1), updateOf(10)))).rejects.toThrow("the worker died");
  pool.close();
  await expect(join(pool.encrypt(keyOf(1), updateOf(10)))).rejects.toMatchObject({ code: "unavailable" });
});

test("an update of 20 million parameters is encrypted and opened in the memory of one block", () => {
  const count = 20_000_000;
  const values = updateOf(count);
  const kernel = createRingKernel(modules.ring);
  const opener = { kernel, ring: createWasmRing(kernel), held: null };
  const pages = kernel.memory.buffer.byteLength / 65_536;
  expect(pages).toBeLessThanOrEqual(7);
  const secret = drawSecret(kernel, keyOf(6).seed).slice();
  const summed = encryptUpdate(engine, keyOf(6), values);
  let [at, wrong] = [0, 0];
  for (const opened of openBlocks(opener, { context: contextOf(3), secret, layout, devices: 1 }, summed, count)) {
    for (let i = 0; i < opened.length; i++) if (opened[i] !== values[at + i]) wrong++;
    at += opened.length;
  }
  expect([at, wrong]).toEqual([count, 0]);
  expect(kernel.memory.buffer.byteLength / 65_536).toBe(pages);
  expect(engine.kernel.memory.buffer.byteLength / 65_536).toBe(pages);
});
