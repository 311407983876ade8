/** Values rotated together, at most: enough for a piece's values to look normal, few enough for a cache. */
export const MOST_PIECE = 4096;

/** Exponents are 0 to this, in half octaves: steps from 2^-32 to 2^8 of a model unit. */
export const MOST_EXPONENT = 80;

/** An exponent moves by so many half octaves a round, at most: no reading that a device invents moves it further. */
export const MOST_MOVE = 6;

/**
 * Root mean squares between 0 and a value's limit, by its bits: where rounding and clipping together err least on normal
 * values (4 bits: 2.2 % of the mean square, 1 value in 80 is cut). What is cut goes a round later, and an error that stays
 * below the whole lets no carry grow.
 */
export const RANGES: Readonly<Record<number, number>> = { 2: 1.2, 3: 1.9, 4: 2.5, 5: 2.9, 6: 3.2, 7: 3.5, 8: 3.8 };

/** Devices of a sum, so that all arithmetic on sums stays below 2^53. */
export const MOST_SUMMED = 65_536;

export const MOST_FRAGMENTS = 64;
export const MOST_RANK = 32;
