import type { Code } from "./code.ts";

/**
 * factors[t][f], by which shard to[t] = Σ factors[t][f] · shard from[f] (Lagrange's interpolation).
 * From the data to the parity of codec 1, this is Backblaze's V · inv(top of V), with V[r][c] = r^c: the only matrix
 * that takes the values of a polynomial of degree below k at 0..k to those at k..n.
 * @param from k shards, none of which is in `to`
 */
export function interpolate(code: Code, from: readonly number[], to: readonly number[]): number[][] {
  const { log, exp, order } = code.field;
  const scales = code.scales();
  const points = from.map(code.point);
  const weights = points.map((p, f) => points.reduce((sum, q) => (q === p ? sum : sum + log[p ^ q]!), log[scales[from[f]!]!]!));
  return to.map((shard) => {
    const at = code.point(shard);
    const whole = points.reduce((sum, p) => sum + log[at ^ p]!, log[scales[shard]!]!);
    return points.map((p, f) => exp[(whole - log[at ^ p]! + order * points.length * 2 - weights[f]!) % order]!);
  });
}
