import type { Coder, CoderOptions } from "../coding/coder.ts";
import { POOL_MIN_BYTES } from "../coding/limits.ts";
import type { WithCoder } from "../library/objects.ts";

/** Coders that are kept between uses: each has memory of its own. */
const KEPT = 2;

export type StartCodingWorkers = () => NonNullable<CoderOptions["workers"]> | null;

/** Its kernels are loaded with the first object. */
const load = () => import("../coding/coder.ts");

/** Coders for whoever needs one: of one thread, or of all cores for what is large enough to pay for waking them. */
export function createCoders(startWorkers: StartCodingWorkers): WithCoder {
  const free: Coder[] = [];
  let wide: Coder | null | undefined;
  /** The workers have one memory, so that large objects take turns. */
  let turn: Promise<unknown> = Promise.resolve();

  async function wideCoder(): Promise<Coder | null> {
    const { createCoder } = await load();
    if (wide !== undefined) return wide;
    const workers = startWorkers();
    workers?.gone.addEventListener("abort", () => (wide = null), { once: true });
    return (wide = workers && createCoder({ workers }));
  }

  return async (bytes, work) => {
    const all = bytes >= POOL_MIN_BYTES ? await wideCoder() : null;
    if (all) {
      const result = turn.then(() => work(all));
      turn = result.catch(() => undefined); // the failure belongs to whoever asked
      return result;
    }
    const coder = free.pop() ?? (await load()).createCoder();
    try {
      return await work(coder);
    } finally {
      if (free.length < KEPT) free.push(coder);
    }
  };
}
