// Convolutions as matrix products over patches ("im2col", Chellapilla et al. 2006), a cache's worth of patches at a time.
import { addScaled } from "./learn-math";
import { matmul, matmulScratchBytes } from "./learn-matmul";

const CHUNK_VALUES: i32 = 32768;
const LEAST_ROWS: i32 = 64;

// @ts-ignore: decorator
@inline
function chunkRows(patch: i32): i32 {
  return max(LEAST_ROWS, CHUNK_VALUES / patch);
}

/** Bytes of scratch that the kernels need for patches of `patch` values (height × width × channels of a filter). */
export function convolutionScratchBytes(patch: i32): i32 {
  return matmulScratchBytes() + 4 * patch * chunkRows(patch);
}

/** y[batch, outHeight, outWidth, filters] = x[batch, height, width, channels] ∗ w[fh, fw, channels, filters]. */
export function convolution(x: usize, w: usize, y: usize, batch: i32, height: i32, width: i32, channels: i32, fh: i32, fw: i32, sh: i32, sw: i32, top: i32, left: i32, outHeight: i32, outWidth: i32, filters: i32, scratch: usize): void {
  const patch = fh * fw * channels;
  const patches = scratch + matmulScratchBytes();
  const rows = batch * outHeight * outWidth;
  const step = chunkRows(patch);
  for (let from = 0; from < rows; from += step) {
    const count = min(step, rows - from);
    gather(x, patches, from, count, height, width, channels, fh, fw, sh, sw, top, left, outHeight, outWidth);
    matmul(count, filters, patch, patches, patch, 1, w, filters, 1, y + ((<usize>from * <usize>filters) << 2), filters, 0, 0, scratch);
  }
}

/** dw, from x and dy. */
export function convolutionGradFilter(x: usize, dy: usize, dw: usize, batch: i32, height: i32, width: i32, channels: i32, fh: i32, fw: i32, sh: i32, sw: i32, top: i32, left: i32, outHeight: i32, outWidth: i32, filters: i32, scratch: usize): void {
  const patch = fh * fw * channels;
  const patches = scratch + matmulScratchBytes();
  const rows = batch * outHeight * outWidth;
  const step = chunkRows(patch);
  for (let from = 0; from < rows; from += step) {
    const count = min(step, rows - from);
    gather(x, patches, from, count, height, width, channels, fh, fw, sh, sw, top, left, outHeight, outWidth);
    matmul(patch, filters, count, patches, 1, patch, dy + ((<usize>from * <usize>filters) << 2), filters, 1, dw, filters, from > 0 ? 1 : 0, 0, scratch);
  }
}

/** dx, from dy and w. */
export function convolutionGradInput(dy: usize, w: usize, dx: usize, batch: i32, height: i32, width: i32, channels: i32, fh: i32, fw: i32, sh: i32, sw: i32, top: i32, left: i32, outHeight: i32, outWidth: i32, filters: i32, scratch: usize): void {
  const patch = fh * fw * channels;
  const patches = scratch + matmulScratchBytes();
  const rows = batch * outHeight * outWidth;
  const step = chunkRows(patch);
  memory.fill(dx, 0, (<usize>(batch * height * width) * <usize>channels) << 2);
  for (let from = 0; from < rows; from += step) {
    const count = min(step, rows - from);
    matmul(count, patch, filters, dy + ((<usize>from * <usize>filters) << 2), filters, 1, w, 1, filters, patches, patch, 0, 0, scratch);
    scatter(patches, dx, from, count, height, width, channels, fh, fw, sh, sw, top, left, outHeight, outWidth);
  }
}

/** Copies the patches of the outputs `from` to `from + count`, zeros where a patch hangs over the edge. */
function gather(x: usize, patches: usize, from: i32, count: i32, height: i32, width: i32, channels: i32, fh: i32, fw: i32, sh: i32, sw: i32, top: i32, left: i32, outHeight: i32, outWidth: i32): void {
  const line = fw * channels;
  for (let output = from; output < from + count; output++) {
    const place = output / outWidth;
    const column = (output - place * outWidth) * sw - left;
    const sample = place / outHeight;
    const row = (place - sample * outHeight) * sh - top;
    const first = max(0, -column);
    const last = min(fw, width - column);
    for (let i = 0; i < fh; i++, patches += (<usize>line) << 2) {
      if (row + i < 0 || row + i >= height || first >= last) {
        zero(patches, line);
        continue;
      }
      zero(patches, first * channels);
      const image = x + ((<usize>((sample * height + row + i) * width + column + first) * <usize>channels) << 2);
      copy(patches + ((<usize>(first * channels)) << 2), image, (last - first) * channels);
      zero(patches + ((<usize>(last * channels)) << 2), (fw - last) * channels);
    }
  }
}

/** Adds patches back to where they were taken from. */
function scatter(patches: usize, x: usize, from: i32, count: i32, height: i32, width: i32, channels: i32, fh: i32, fw: i32, sh: i32, sw: i32, top: i32, left: i32, outHeight: i32, outWidth: i32): void {
  const line = fw * channels;
  for (let output = from; output < from + count; output++) {
    const place = output / outWidth;
    const column = (output - place * outWidth) * sw - left;
    const sample = place / outHeight;
    const row = (place - sample * outHeight) * sh - top;
    const first = max(0, -column);
    const last = min(fw, width - column);
    for (let i = 0; i < fh; i++, patches += (<usize>line) << 2) {
      if (row + i < 0 || row + i >= height || first >= last) continue;
      const image = x + ((<usize>((sample * height + row + i) * width + column + first) * <usize>channels) << 2);
      addScaled(image, patches + ((<usize>(first * channels)) << 2), 1, (last - first) * channels);
    }
  }
}

// memory.copy and memory.fill are calls out of WASM: dearer than these loops at the length of a patch's line.
// @ts-ignore: decorator
@inline
function copy(to: usize, from: usize, length: i32): void {
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) v128.store(to + ((<usize>i) << 2), v128.load(from + ((<usize>i) << 2)));
  for (let i = whole; i < length; i++) store<f32>(to + ((<usize>i) << 2), load<f32>(from + ((<usize>i) << 2)));
}

// @ts-ignore: decorator
@inline
function zero(to: usize, length: i32): void {
  for (let i = 0; i < length; i++) store<f32>(to + ((<usize>i) << 2), 0);
}
