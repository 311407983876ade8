import { isDeviceLost } from "./webgpu/device.ts";

/** Keeps one engine under several users of it, although a GPU's device may be lost at any point. */
export interface Recovery {
  /** How often the engine was lost. What begins now belongs to this engine. */
  losses(): number;
  /**
   * After something failed that began at `losses`: resolves once it can be begun again, on another engine.
   * @throws `cause`, if it was not a loss of the device
   */
  recover(cause: unknown, losses: number): Promise<void>;
}

/** @param restart brings the model to another engine, after so many losses */
export function createRecovery(restart: (losses: number) => Promise<void>, isLost: () => Promise<boolean> = isDeviceLost): Recovery {
  let count = 0;
  let restarting: Promise<void> = Promise.resolve();
  return {
    losses: () => count,
    async recover(cause, losses) {
      const own = losses === count && (await isLost());
      // All that failed with one device wait for one restart.
      if (own && losses === count) {
        count += 1;
        restarting = restart(count);
      }
      if (losses === count) throw cause;
      await restarting;
    },
  };
}

/** Runs something, and again from its start after each loss of the device under it. */
export async function throughLosses<T>(recovery: Recovery, run: () => Promise<T>): Promise<T> {
  for (;;) {
    const losses = recovery.losses();
    try {
      return await run();
    } catch (cause) {
      await recovery.recover(cause, losses);
    }
  }
}
