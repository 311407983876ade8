/** What a task may ask for. */
export const LEAST_EPSILON = 0.01;
export const MOST_EPSILON = 100;
/** Far above what all samples of all rounds can deviate from their distribution by (`discrete-gaussian.ts`). */
export const LEAST_DELTA = 1e-15;
/** Beyond one in a thousand, δ would allow to publish a device's update outright now and then. */
export const MOST_DELTA = 1e-3;
export const MOST_ROUNDS = 1_000_000;
export const MOST_DEVICES = 64;
export const MOST_VALUES = 2 ** 32;

/**
 * Variances are whole multiples of 2^-10 steps², so that they are exact rationals. At least 1/4, below which the
 * proof for sums fails (Kairouz et al. 2021, Prop. 14); at most 2^40, so that products stay exact in a double.
 */
export const VARIANCE_UNIT = 2 ** -10;
export const LEAST_VARIANCE = 1 / 4;
export const MOST_VARIANCE = 2 ** 40;

/**
 * Rounding is repeated until the rounded update meets a bound that one in e^2 may miss at worst (β of conditional
 * rounding): a tighter bound would bias the rounding, a looser one costs noise.
 */
export const ROUNDING_MISS = Math.exp(-2);
export const ROUNDING_ATTEMPTS = 32;

/** The step is this fraction of a value's root mean square at the clipping bound, or finer ... */
export const STEPS_PER_DEVIATION = 2;
/** ... unless values of few bits would then not reach this many of it. */
export const REACH_IN_DEVIATIONS = 3;

/** Steps are 2^-20 … 2^-4, as the outer step takes them. */
export const MOST_STEP_EXPONENT = 16;

/**
 * A variance is found with a margin for what rounding does to ε as rounds add up, and then to 16 leading bits: two
 * engines whose logarithms differ in the last bit have the same plan.
 */
export const EPSILON_MARGIN = 1e-9;
export const VARIANCE_BITS = 16;

/** A summed field holds the noise up to so many σ: one value in 10^15 is beyond, and spoils no privacy. */
export const FIELD_SIGMAS = 8;
/** A sum's field is read as an int32. */
export const MOST_FIELD_BITS = 31;
