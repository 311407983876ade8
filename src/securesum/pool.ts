import { releaseProxy, transfer, wrap, type Endpoint, type Remote } from "comlink";
import { abortable } from "../workers/bridge.ts";
import type { EncryptionKey, OpeningKey } from "./blocks.ts";
import { SumError } from "./errors.ts";
import { BLOCK_BYTES, blocksOf } from "./params.ts";
import type { SumModules, SumWorker } from "./service.ts";

/** Blocks that a worker takes at once: some 2 ms of work, 200 kB of ciphertext. */
export const BATCH = 16;
/** Batches a worker has before it or under way, so that it never waits; more would only take memory. */
const AHEAD = 2;

/** A worker that runs `src/workers/entry/seal.ts`. */
export interface StartedWorker {
  port: Endpoint;
  /** Aborts, with the reason, when the worker can no longer answer. */
  gone: AbortSignal;
  terminate(): void;
}

export interface SumPoolDeps {
  /** Cores − 1, at least 1. */
  size: number;
  modules: SumModules;
  startWorker(): StartedWorker;
}

/** Encrypts and opens on several cores. Memory does not grow with the update: batches go through in order. */
export interface SumPool {
  /**
   * The update's blocks, BATCH at a time. The key's seed is zeroed, here and in the workers, when it ends.
   * @throws the signal's reason; SumError `out-of-range`, `unavailable`
   */
  encrypt(key: EncryptionKey, values: Int8Array | Int32Array, signal?: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>;
  /**
   * The sums of `count` values.
   * @param batches the summed blocks, BATCH at a time
   * @throws the signal's reason; SumError `malformed`, `garbage`, `unavailable`
   */
  open(key: OpeningKey, batches: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, count: number, signal?: AbortSignal): AsyncGenerator<Int32Array<ArrayBuffer>, void, void>;
  close(): void;
}

export function createSumPool({ size, modules, startWorker }: SumPoolDeps): SumPool {
  const workers = Array.from({ length: Math.max(1, size) }, startWorker);
  const remotes = workers.map(({ port }) => wrap<SumWorker>(port));
  const closed = new AbortController();
  const gone = AbortSignal.any([closed.signal, ...workers.map((worker) => worker.gone)]);
  const started = abortable(Promise.all(remotes.map((remote) => remote.start(modules))), gone);
  started.catch(() => undefined); // whoever asks for work is told
  /** Workers hold one key, so jobs take turns. */
  let turn: Promise<unknown> = started;

  /** Gives the tasks to the workers in turn, and the results in order. */
  async function* inOrder<T, R>(
    tasks: AsyncIterable<T> | Iterable<T>,
    key: EncryptionKey | OpeningKey,
    run: (worker: Remote<SumWorker>, task: T) => Promise<R>,
    signal?: AbortSignal,
  ): AsyncGenerator<R, void, void> {
    const stop = signal ? AbortSignal.any([signal, gone]) : gone;
    const before = turn;
    let finish = (): void => undefined;
    turn = new Promise<void>((resolve) => (finish = resolve));
    const pending: Promise<R>[] = [];
    try {
      await abortable(started, stop);
      await abortable(before, stop);
      await abortable(Promise.all(remotes.map((remote) => remote.hold(key))), stop);
      let next = 0;
      for await (const task of tasks) {
        if (pending.length === AHEAD * remotes.length) yield await abortable(pending.shift()!, stop);
        const result = run(remotes[next++ % remotes.length]!, task);
        result.catch(() => undefined); // seen when its turn comes, unless the job has ended by then
        pending.push(result);
      }
      while (pending.length > 0) yield await abortable(pending.shift()!, stop);
    } finally {
      // A worker that is gone has taken its key with it. The next job waits until the others have none either.
      if (!gone.aborted) void abortable(Promise.allSettled([before, ...remotes.map((remote) => remote.erase())]), gone).then(finish, finish);
      else finish();
    }
  }

  return {
    async *encrypt(key, values, signal) {
      const step = BATCH * key.layout.perBlock;
      const starts = Array.from({ length: Math.ceil(values.length / step) }, (_, i) => i * step);
      try {
        yield* inOrder(
          starts,
          key,
          (worker, from) => {
            const batch = values.slice(from, from + step);
            return worker.encrypt(from / key.layout.perBlock, transfer(batch, [batch.buffer]));
          },
          signal,
        );
      } finally {
        key.seed.fill(0);
      }
    },
    async *open(key, batches, count, signal) {
      const { perBlock } = key.layout;
      let left = count;
      const opened = inOrder(
        numbered(batches, blocksOf(count, key.layout)),
        key,
        (worker, { from, bytes }) => worker.open(from, bytes),
        signal,
      );
      for await (const values of opened) {
        yield left < values.length ? values.slice(0, left) : values;
        left -= values.length;
      }
      if (left > 0) throw new SumError("malformed", `${Math.ceil(left / perBlock)} blocks of the sum are missing`);
    },
    close() {
      if (closed.signal.aborted) return;
      closed.abort(new SumError("unavailable", "the pool is closed"));
      remotes.forEach((remote) => remote[releaseProxy]());
      workers.forEach((worker) => worker.terminate());
    },
  };
}

/** @throws SumError `malformed` for a batch that is not whole blocks, and for more blocks than are due */
async function* numbered(batches: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, due: number): AsyncGenerator<{ from: number; bytes: Uint8Array }, void, void> {
  let from = 0;
  for await (const bytes of batches) {
    const blocks = bytes.length / BLOCK_BYTES;
    if (!Number.isInteger(blocks) || from + blocks > due) throw new SumError("malformed", `${bytes.length} bytes at block ${from} of ${due} that are due`);
    yield { from, bytes };
    from += blocks;
  }
}
