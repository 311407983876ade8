import { madd } from "./learn-math";

/**
 * Gradients of a depthwise convolution: x[batch, height, width, channels], w[fh, fw, channels, multiplier],
 * dy[batch, outHeight, outWidth, channels · multiplier]; dh and dw are the dilations. Where `filter`, dw is made from x
 * and dy and `other` is x; else dx from w and dy, and `other` is w.
 */
export function depthwiseGrad(filter: i32, other: usize, dy: usize, to: usize, batch: i32, height: i32, width: i32, channels: i32, multiplier: i32, fh: i32, fw: i32, sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, outHeight: i32, outWidth: i32): void {
  const outputs = channels * multiplier;
  memory.fill(to, 0, (<usize>(filter ? fh * fw * outputs : batch * height * width * channels)) << 2);
  for (let sample = 0; sample < batch; sample++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let i = 0; i < fh; i++) {
        const y = oy * sh - top + i * dh;
        if (y < 0 || y >= height) continue;
        for (let ox = 0; ox < outWidth; ox++) {
          const d = dy + values((sample * outHeight + oy) * outWidth + ox, outputs);
          for (let j = 0; j < fw; j++) {
            const x = ox * sw - left + j * dw;
            if (x < 0 || x >= width) continue;
            const pixel = values((sample * height + y) * width + x, channels);
            const weight = values(i * fw + j, outputs);
            if (filter) multiplier == 1 ? addProducts(to + weight, other + pixel, d, channels) : addFilter(to + weight, other + pixel, d, channels, multiplier);
            else multiplier == 1 ? addProducts(to + pixel, other + weight, d, channels) : addInput(to + pixel, other + weight, d, channels, multiplier);
          }
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function values(index: i32, each: i32): usize {
  return (<usize>index * <usize>each) << 2;
}

// @ts-ignore: decorator
@inline
function addProducts(to: usize, a: usize, b: usize, length: i32): void {
  const whole = (<usize>(length & ~3)) << 2;
  const end = (<usize>length) << 2;
  let i: usize = 0;
  for (; i < whole; i += 16) v128.store(to + i, madd(v128.load(a + i), v128.load(b + i), v128.load(to + i)));
  for (; i < end; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(a + i) * load<f32>(b + i));
}

function addFilter(to: usize, x: usize, d: usize, channels: i32, multiplier: i32): void {
  for (let channel = 0; channel < channels; channel++, x += 4) {
    for (let m = 0; m < multiplier; m++, to += 4, d += 4) store<f32>(to, load<f32>(to) + load<f32>(x) * load<f32>(d));
  }
}

function addInput(to: usize, w: usize, d: usize, channels: i32, multiplier: i32): void {
  for (let channel = 0; channel < channels; channel++, to += 4) {
    let sum = load<f32>(to);
    for (let m = 0; m < multiplier; m++, w += 4, d += 4) sum += load<f32>(w) * load<f32>(d);
    store<f32>(to, sum);
  }
}
