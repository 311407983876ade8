/** Residues as they travel: 52 bits each, two in 13 bytes, least significant bit first. */
import { N, Q } from "./ring-field";

export const WIRE_BYTES: i32 = (N * 13) / 2;
const MASK: i64 = 0xfffffffffffff;

/** Both residues of the 13 bytes at `from`. Reads 16 bytes. */
// @ts-ignore: decorator
@inline
function pair(from: usize): v128 {
  const bytes = v128.load(from);
  const wide = i8x16.shuffle(bytes, i64x2.splat(0), 0, 1, 2, 3, 4, 5, 6, 16, 6, 7, 8, 9, 10, 11, 12, 16);
  return i64x2.shuffle(v128.and(wide, i64x2.splat(MASK)), i64x2.shr_u(wide, 4), 0, 3);
}

/** Unpacks a block. @returns whether every residue is below q */
export function unpack(from: usize, to: usize): bool {
  let bad = i64x2.splat(0);
  for (const end = to + N * 8; to < end; to += 16, from += 13) {
    const x = pair(from);
    bad = v128.or(bad, i64x2.gt_s(x, i64x2.splat(Q - 1)));
    v128.store(to, x);
  }
  return !v128.any_true(bad);
}

/** Adds a packed block to 64-bit sums, not reduced: 2^11 blocks fit. @returns whether every residue is below q */
export function accumulate(from: usize, sums: usize): bool {
  let bad = i64x2.splat(0);
  for (const end = sums + N * 8; sums < end; sums += 16, from += 13) {
    const x = pair(from);
    bad = v128.or(bad, i64x2.gt_s(x, i64x2.splat(Q - 1)));
    v128.store(sums, i64x2.add(v128.load(sums), x));
  }
  return !v128.any_true(bad);
}

/** Sums below 2^63 to residues: 2^52 is 4095 mod q. */
export function reduce(sums: usize, to: usize): void {
  for (const end = to + N * 8; to < end; to += 8, sums += 8) {
    const sum = load<i64>(sums);
    const x = (sum & MASK) + (sum >> 52) * 4095 - Q;
    store<i64>(to, x + (Q & (x >> 63)));
  }
}

/** Writes up to 3 bytes beyond the block. */
export function pack(from: usize, to: usize): void {
  for (const end = from + N * 8; from < end; from += 16, to += 13) {
    const second = load<u64>(from, 8);
    store<u64>(to, load<u64>(from) | (second << 52));
    store<u64>(to, second >> 12, 8);
  }
}
