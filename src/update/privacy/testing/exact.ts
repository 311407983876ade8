/** Probabilities of a distribution on the whole numbers −reach … reach. */
export interface Distribution {
  reach: number;
  at: Float64Array;
}

/** N_Z(0, variance) from its definition, to where nothing is left in double precision. */
export function discreteGaussian(variance: number): Distribution {
  const reach = Math.ceil(38 * Math.sqrt(variance));
  const at = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * variance)));
  const total = at.reduce((sum, weight) => sum + weight, 0);
  return { reach, at: at.map((weight) => weight / total) };
}

/** Of the sum of two independent ones. */
export function convolve(a: Distribution, b: Distribution): Distribution {
  const at = new Float64Array(a.at.length + b.at.length - 1);
  a.at.forEach((p, i) => b.at.forEach((q, j) => (at[i + j]! += p * q)));
  return { reach: a.reach + b.reach, at };
}

/**
 * Rényi divergence of order α of a distribution moved by `shift` from the distribution itself. What counts lies
 * about α·shift from the middle, which must be well within 37 standard deviations: beyond, doubles are zero.
 */
export function renyi({ at }: Distribution, shift: number, order: number): number {
  const terms: number[] = [];
  for (let i = shift; i < at.length; i++) if (at[i]! > 0 && at[i - shift]! > 0) terms.push(order * Math.log(at[i - shift]!) + (1 - order) * Math.log(at[i]!));
  const most = Math.max(...terms);
  return (most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0))) / (order - 1);
}

export function varianceOf({ reach, at }: Distribution): number {
  return at.reduce((sum, p, i) => sum + p * (i - reach) ** 2, 0);
}

/**
 * Pearson's χ² of samples against a distribution, as standard deviations from its mean. Neighbouring whole numbers
 * are counted together until a class expects 50 samples, and at least `width` of them.
 */
export function chiSquare(samples: Int32Array, { reach, at }: Distribution, width = 1): number {
  const counts = new Float64Array(at.length);
  for (const sample of samples) counts[Math.max(0, Math.min(at.length - 1, sample + reach))]!++;
  const classes: { expected: number; seen: number }[] = [];
  let open = { expected: 0, seen: 0, size: 0 };
  at.forEach((p, i) => {
    open = { expected: open.expected + p * samples.length, seen: open.seen + counts[i]!, size: open.size + 1 };
    if (open.expected < 50 || open.size < width) return;
    classes.push(open);
    open = { expected: 0, seen: 0, size: 0 };
  });
  const last = classes.at(-1)!;
  last.expected += open.expected;
  last.seen += open.seen;
  const statistic = classes.reduce((sum, { expected, seen }) => sum + (seen - expected) ** 2 / expected, 0);
  const freedom = classes.length - 1;
  return (statistic - freedom) / Math.sqrt(2 * freedom);
}
