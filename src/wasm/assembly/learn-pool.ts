/**
 * Gradient of a maximum over windows: each dy goes to the first largest value of its window.
 * x and dx are [batch, height, width, channels], dy [batch, outHeight, outWidth, channels].
 */
export function maxPoolGrad(x: usize, dy: usize, dx: usize, batch: i32, height: i32, width: i32, channels: i32, fh: i32, fw: i32, sh: i32, sw: i32, top: i32, left: i32, outHeight: i32, outWidth: i32): void {
  memory.fill(dx, 0, (<usize>(batch * height * width * channels)) << 2);
  const pixel = (<usize>channels) << 2;
  const line = pixel * width;
  for (let sample = 0; sample < batch; sample++) {
    const image = line * height * sample;
    for (let oy = 0; oy < outHeight; oy++) {
      const firstRow = max(0, oy * sh - top);
      const lastRow = min(height, oy * sh - top + fh);
      for (let ox = 0; ox < outWidth; ox++, dy += pixel) {
        const firstColumn = max(0, ox * sw - left);
        const lastColumn = min(width, ox * sw - left + fw);
        let c = 0;
        for (; c + 4 <= channels; c += 4) {
          const at = image + ((<usize>c) << 2);
          let best = f32x4.splat(-Infinity);
          let where = i32x4.splat(-1);
          for (let row = firstRow; row < lastRow; row++) {
            for (let column = firstColumn; column < lastColumn; column++) {
              const offset = line * row + pixel * column;
              const value = v128.load(x + at + offset);
              const larger = f32x4.gt(value, best);
              best = v128.bitselect(value, best, larger);
              where = v128.bitselect(i32x4.splat(<i32>offset), where, larger);
            }
          }
          const d = dy + ((<usize>c) << 2);
          add(dx + at, i32x4.extract_lane(where, 0), load<f32>(d));
          add(dx + at + 4, i32x4.extract_lane(where, 1), load<f32>(d, 4));
          add(dx + at + 8, i32x4.extract_lane(where, 2), load<f32>(d, 8));
          add(dx + at + 12, i32x4.extract_lane(where, 3), load<f32>(d, 12));
        }
        for (; c < channels; c++) {
          const at = image + ((<usize>c) << 2);
          let best: f32 = -Infinity;
          let where = -1;
          for (let row = firstRow; row < lastRow; row++) {
            for (let column = firstColumn; column < lastColumn; column++) {
              const offset = line * row + pixel * column;
              const value = load<f32>(x + at + offset);
              if (value > best) {
                best = value;
                where = <i32>offset;
              }
            }
          }
          add(dx + at, where, load<f32>(dy + ((<usize>c) << 2)));
        }
      }
    }
  }
}

/** Nowhere (−1) is a window without any number, only NaN. */
// @ts-ignore: decorator
@inline
function add(at: usize, offset: i32, value: f32): void {
  if (offset >= 0) store<f32>(at + offset, load<f32>(at + offset) + value);
}
