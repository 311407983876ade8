import { createWords, type Chance } from "./chance.ts";
import { createCumulative } from "./cumulative.ts";
import { PrivacyError } from "./errors.ts";
import { expMinus, extend, narrow } from "./exponential.ts";
import { LEAST_VARIANCE, MOST_VARIANCE, VARIANCE_UNIT } from "./limits.ts";

/** A table has between this many and twice as many entries a σ, or one a whole number where σ is smaller. */
const BLOCKS_PER_SIGMA = 128;

/** How far a probability in double precision may be off, in units of 2^-32: a thousand times what it is. */
const DOUBT = 2 ** -10;

/** Independent samples of one discrete Gaussian. */
export interface DiscreteGaussian {
  /** Fills `into` with samples. */
  draw(into: Int32Array): void;
}

/**
 * The discrete Gaussian N_Z(0, σ²): P(x) proportional to exp(−x²/2σ²) on the integers (Canonne, Kamath, Steinke
 * 2020, Definition 1). As in their Algorithm 3 a proposal is drawn and accepted or not, and nothing that decides is
 * rounded: |x| = k·s + j, with k by inversion from exp(−(ks)²/2σ²), j uniform below s, accepted with probability
 * exp(−(2ksj + j²)/2σ²); s is a power of two near σ/128, so that almost all are. Probabilities in double precision
 * only decide where their error cannot matter; else, a few times in 2^32, 160 bits in exact integers do.
 *
 * A sample's distribution is within 2^-140 of the exact one in total variation: the table holds 160 bits an entry,
 * and is cut where the mass beyond is below 2^-150. Time depends on what is drawn, so it must not be observable.
 *
 * @param variance σ², in steps²: a multiple of 2^-10 from 1/4 to 2^40
 * @throws PrivacyError `out-of-range`
 */
export function createDiscreteGaussian(variance: number, chance: Chance): DiscreteGaussian {
  requireVariance(variance);
  const words = createWords(chance);
  const shift = Math.max(0, Math.floor(Math.log2(Math.sqrt(variance) / BLOCKS_PER_SIGMA)));
  const size = 2 ** shift;
  const mask = size - 1;
  const twice = twiceVariance(variance);
  const scale = BigInt(1 / VARIANCE_UNIT);
  const drawBlock = createCumulative(scale * BigInt(size) ** 2n, twice);

  /** Whether an event of probability exp(−exponent/2σ²) happens. */
  function happens(exponent: number): boolean {
    const word = words.next();
    const gamma = exponent / (2 * variance);
    // exp(−γ) ≥ 1 − γ decides nearly always.
    if (word + 1 < (1 - gamma) * 2 ** 32 - DOUBT) return true;
    const probability = Math.exp(-gamma) * 2 ** 32;
    if (word + 1 < probability - DOUBT) return true;
    if (word > probability + DOUBT) return false;
    return extend(word, words) < narrow(expMinus(scale * BigInt(exponent), twice));
  }

  function one(): number {
    for (;;) {
      const start = drawBlock(words) * size;
      const word = words.next();
      const j = word & mask;
      const negative = word >>> 31 === 1;
      // Zero has no sign: half of its proposals are taken.
      if (negative && start + j === 0) continue;
      if (j > 0 && !happens((2 * start + j) * j)) continue;
      return negative ? -start - j : start + j;
    }
  }

  return {
    draw(into) {
      for (let i = 0; i < into.length; i++) into[i] = one();
      words.forget();
    },
  };
}

/** 2σ² in units of 2^-10. */
const twiceVariance = (variance: number): bigint => 2n * BigInt(variance / VARIANCE_UNIT);

/** @throws PrivacyError `out-of-range` */
export function requireVariance(variance: number): void {
  if (!(variance >= LEAST_VARIANCE && variance <= MOST_VARIANCE) || !Number.isInteger(variance / VARIANCE_UNIT))
    throw new PrivacyError("out-of-range", `a variance from ${LEAST_VARIANCE} to 2^40 in multiples of 2^-10 is needed, not ${variance}`);
}
