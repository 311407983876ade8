/**
 * How well this device itself is doing (Dadgar et al., "Lifeguard", 2018, 3.1): one that hears nobody is more
 * likely slow than surrounded by the dead, and takes its time.
 */
export interface Health {
  better(): void;
  worse(): void;
  /** It was away: it trusts itself the least. */
  worst(): void;
  /** Time-outs are multiplied by this: 1 when all is well. */
  readonly scale: number;
}

export function createHealth(most: number): Health {
  let score = 0;
  return {
    better: () => void (score = Math.max(0, score - 1)),
    worse: () => void (score = Math.min(most, score + 1)),
    worst: () => void (score = most),
    get scale() {
      return score + 1;
    },
  };
}
