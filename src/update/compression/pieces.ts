import { MOST_PIECE } from "./limits.ts";

/** A run of values that is rotated by itself. */
export interface Piece {
  from: number;
  /** A power of two. */
  length: number;
  log2: number;
  /** Whose exponent it is rounded by. */
  group: number;
}

/** How the values of a round are laid out: pieces, and behind them one reading a group. */
export interface Layout {
  /** Without the readings. */
  values: number;
  pieces: readonly Piece[];
  groups: number;
  /** Where the groups' exponents begin in the shared state. */
  exponents: number;
}

/** As many values as a device sends. */
export const lengthOf = ({ values, groups }: Layout): number => values + groups;

/**
 * Cuts parts into powers of two, the largest first, so that nothing is padded.
 * @param parts lengths; @param shared one exponent a part (its values are of one kind), else one a piece
 */
export function layOut(parts: readonly number[], { shared = false, exponents = 0 } = {}): Layout {
  const pieces: Piece[] = [];
  let from = 0;
  let groups = 0;
  for (const part of parts) {
    for (const end = from + part; from < end; ) {
      const log2 = Math.min(Math.log2(MOST_PIECE), 31 - Math.clz32(end - from));
      pieces.push({ from, length: 2 ** log2, log2, group: groups });
      from += 2 ** log2;
      if (!shared) groups++;
    }
    // A part without values has its group all the same: its exponent is another fragment's too.
    if (shared) groups++;
  }
  return { values: from, pieces, groups, exponents };
}
