import { isSmall, type Hints } from "../engine/budget.ts";
import { AUTO_THREADS } from "../engine/limits.ts";

/**
 * Threads that a step may be cut for on this device without anybody's wish, the train worker included. One on two cores
 * or fewer, where the page and the other workers want the second, and on a phone, whose memory has no room for another engine.
 */
export function mostThreads(hints: Hints & { hardwareConcurrency?: number } = (globalThis.navigator as Navigator | undefined) ?? {}): number {
  const cores = hints.hardwareConcurrency ?? 1;
  return cores <= 2 || isSmall(hints) ? 1 : Math.min(AUTO_THREADS, cores - 1);
}
