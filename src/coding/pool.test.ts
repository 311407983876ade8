import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { CODECS, range } from "./code.ts";
import { createCoder } from "./coder.ts";
import { POOL_MIN_BYTES } from "./limits.ts";
import type { Port } from "./pool.ts";
import { xorshift } from "./testing/data.ts";
import { fetchFrom, restored, store } from "./testing/objects.ts";

const started: Worker[] = [];
afterEach(async () => void (await Promise.all(started.splice(0).map((worker) => worker.terminate()))));

/** Real threads, over the same port as a browser's worker. */
function startWorkers(count: number): { ports: Port[]; gone: AbortSignal } {
  const gone = new AbortController();
  const ports = range(0, count).map(() => {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(new URL("./testing/worker.mjs", import.meta.url), { workerData: { port: port2 }, transferList: [port2] as never });
    worker.on("error", (cause) => gone.abort(cause));
    worker.on("exit", () => {
      gone.abort(new Error("a coding worker has ended"));
      port1.close();
    });
    started.push(worker);
    return port1 as unknown as Port;
  });
  return { ports, gone: gone.signal };
}

describe("a pool of threads over shared memory", () => {
  it("makes the same bytes as one thread", async () => {
    const pooled = createCoder({ workers: startWorkers(2) });
    const alone = createCoder();
    for (const [codec, k, m] of [[CODECS.vandermonde, 4, 2], [CODECS.leopard8, 16, 16], [CODECS.leopard16, 20, 12]] as const) {
      const shardBytes = Math.ceil(POOL_MIN_BYTES / k / 64) * 64;
      const lost = Math.min(k, m);
      const [ours, theirs] = [pooled, alone].map((coder) => coder.open({ codec, k, m }, shardBytes)) as [ReturnType<typeof alone.open>, ReturnType<typeof alone.open>];
      const pattern = xorshift(100_003);
      for (const { shards } of [ours, theirs]) for (const shard of shards.slice(0, k)) for (let at = 0; at < shardBytes; at += pattern.length) shard.set(pattern.subarray(0, shardBytes - at), at);
      await ours.encode();
      await theirs.encode();
      for (let i = 0; i < k + m; i++) expect(Buffer.compare(ours.shards[i]!, theirs.shards[i]!), `codec ${codec}, shard ${i}`).toBe(0);
      for (const shard of ours.shards.slice(0, lost)) shard.fill(0);
      await ours.restore(range(0, k + m).map((i) => i >= lost));
      for (let i = 0; i < k; i++) expect(Buffer.compare(ours.shards[i]!, theirs.shards[i]!), `codec ${codec}, restored ${i}`).toBe(0);
    }
  });

  it("codes and restores objects, whose shards WebCrypto hashes out of shared memory", async () => {
    const pooled = createCoder({ workers: startWorkers(1) });
    const object = Buffer.alloc(POOL_MIN_BYTES + 1000, xorshift(4099));
    const { manifest, shards } = await store(pooled, { codec: CODECS.vandermonde, k: 4, m: 2 }, object);
    const { bytes } = await restored(createCoder(), manifest, fetchFrom(shards.map((row) => row.map((shard, i) => (i < 2 ? null : shard)))));
    expect(bytes.equals(object)).toBe(true);
  });

  it("rejects what is under way when a worker ends", async () => {
    const workers = startWorkers(1);
    const { encode } = createCoder({ workers }).open({ codec: CODECS.vandermonde, k: 4, m: 2 }, POOL_MIN_BYTES / 4);
    await encode();
    const running = encode();
    const ended = started[0]!.terminate();
    await Promise.race([running, ended]).catch(() => undefined);
    await ended;
    await expect(encode()).rejects.toThrow("a coding worker has ended");
    await running.catch((cause: unknown) => expect(String(cause)).toContain("a coding worker has ended"));
  });
});
