/** Bytes of a factor's table in the field of `T`. */
// @ts-ignore: decorator
@inline
export function tableBytes<T>(): usize {
  return sizeof<T>() == 1 ? 32 : 128;
}

// @ts-ignore: decorator
@inline
export function lowNibbles(v: v128): v128 {
  return v128.and(v, i8x16.splat(15));
}

// @ts-ignore: decorator
@inline
export function highNibbles(v: v128): v128 {
  return v128.and(i16x8.shr_u(v, 4), i8x16.splat(15));
}

/** The indices are nibbles, so that the relaxed instruction has only one possible result. */
// @ts-ignore: decorator
@inline
export function lookUp(table: v128, nibbles: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(table, nibbles) : i8x16.swizzle(table, nibbles);
}

/** sum + factor · v */
// @ts-ignore: decorator
@inline
export function addProduct(sum: v128, v: v128, low: v128, high: v128): v128 {
  return v128.xor(sum, v128.xor(lookUp(low, lowNibbles(v)), lookUp(high, highNibbles(v))));
}
