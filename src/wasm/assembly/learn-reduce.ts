import { addScaled } from "./learn-math";

/** sums[width]: the columns of x[rows, width] added up. */
export function columnSums(x: usize, sums: usize, rows: i32, width: i32): void {
  memory.fill(sums, 0, (<usize>width) << 2);
  for (let row = 0; row < rows; row++) {
    addScaled(sums, x, 1, width);
    x += (<usize>width) << 2;
  }
}

/** out[segments, width]: the rows of x[rows, width] added up by their segment; a row of no segment is left out. */
export function segmentSum(x: usize, ids: usize, out: usize, rows: i32, width: i32, segments: i32): void {
  memory.fill(out, 0, (<usize>(segments * width)) << 2);
  for (let row = 0; row < rows; row++) {
    const segment = load<i32>(ids + ((<usize>row) << 2));
    if (segment >= 0 && segment < segments) addScaled(out + ((<usize>(segment * width)) << 2), x, 1, width);
    x += (<usize>width) << 2;
  }
}
