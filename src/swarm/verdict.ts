/**
 * When an aggregate is refused: where it is much worse than the model it comes from, on samples that nobody trains on.
 * Every device asks this of its own samples, and two thirds have to say so, so the rule need not catch everything: it
 * must let everything through that honest devices can come to.
 */

/** What became of the held-out loss from one model to another, on the same samples. In nats a sample. */
export interface Change {
  /** Mean of the samples' changes; above 0: worse. Infinite where the later model is out of bounds. */
  mean: number;
  /** Standard error of that mean. */
  error: number;
  /** Mean loss under the model before. */
  before: number;
}

const RULE = {
  /** Fewer samples say nothing. */
  samples: 16,
  /** By so many standard errors a change is not the samples' chance; the quorum makes the rest of it. */
  errors: 3,
  /** So many times as far from the last rounds' changes as these are from one another, it is not training's chance. */
  spreads: 4,
  /** Rounds that are remembered, and the last of them that this is measured by; fewer than `known` do not say. */
  rounds: 9,
  recent: 5,
  known: 3,
  /** A loss that grew by less than this many nats, or than this part of itself, is not much worse in any case. */
  nats: 0.2,
  part: 0.1,
} as const;

/** @param before, after losses of the same samples. @returns null where they are too few, or the model before is itself out of bounds */
export function changeOf(before: Float64Array, after: Float64Array): Change | null {
  const count = before.length;
  if (count < RULE.samples || after.length !== count || !before.every(Number.isFinite)) return null;
  const loss = mean(before);
  if (!after.every(Number.isFinite)) return { mean: Infinity, error: 0, before: loss };
  const changes = after.map((value, i) => value - before[i]!);
  const middle = mean(changes);
  return { mean: middle, error: Math.sqrt(mean(changes.map((value) => (value - middle) ** 2)) / (count - 1)), before: loss };
}

/**
 * Whether a loss has grown too far from where it stood at its lowest in the last rounds, with this round: what makes it
 * grow a little each time is not let through either.
 * @param past changes that the last committed rounds made (`remember`)
 */
export function isMuchWorse({ mean: change, error, before }: Change, past: readonly number[]): boolean {
  if (change <= RULE.errors * error) return false;
  const grown = sinceLowest(past);
  const rise = grown + change;
  if (rise <= Math.max(RULE.nats, RULE.part * (before - grown))) return false;
  if (past.length < RULE.known) return true;
  // Median absolute deviation: one round that went very badly, or very well, is no measure for the next.
  const recent = past.slice(-RULE.recent);
  const usual = median(recent);
  return rise - usual > RULE.spreads * median(recent.map((other) => Math.abs(other - usual)));
}

/**
 * The changes that the last rounds made, with this one; a refused one made none. So where honest training itself goes
 * uphill, as it does when it learns its samples by heart, it is slowed and not stopped: refusals are forgotten too. What
 * is out of bounds is no measure of anything.
 */
export const remember = (past: readonly number[], change: number): readonly number[] => (Number.isFinite(change) ? [...past, change].slice(-RULE.rounds) : past);

/** By how much the loss stands above its lowest. */
const sinceLowest = (past: readonly number[]): number => past.reduce((above, change) => Math.max(0, above + change), 0);

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
