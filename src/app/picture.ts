import { toDigit } from "./digit.ts";

/** Shares of red, green and blue in a pixel's brightness (ITU-R BT.709), as in training. */
const LUMA = [0.2126, 0.7152, 0.0722] as const;
/** Side of the square in which a photographed digit is looked for, in pixels. */
export const LOOK_SIDE = 112;
/** Brightest and darkest must differ by so much of the whole range, or there is nothing to be read. */
const CONTRAST = 0.2;

/** Brightness of RGBA pixels, 0 to 1. */
export const brightness = (rgba: ArrayLike<number>): Float32Array =>
  Float32Array.from({ length: rgba.length / 4 }, (_, i) => (LUMA[0] * rgba[4 * i]! + LUMA[1] * rgba[4 * i + 1]! + LUMA[2] * rgba[4 * i + 2]!) / 255);

/** Red, green and blue of RGBA pixels one after the other, 0 to 1. */
export const colours = (rgba: ArrayLike<number>): Float32Array => Float32Array.from({ length: (rgba.length / 4) * 3 }, (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)]! / 255);

/** Where two classes of brightness part best: the greatest variance between them (Otsu 1979), over 64 bins; of a gap its middle. */
function threshold(light: Float32Array): number {
  const bins = new Array<number>(64).fill(0);
  for (const value of light) bins[Math.min(63, Math.floor(64 * value))]! += 1;
  const whole = bins.reduce((sum, count, at) => sum + at * count, 0);
  let [count, sum, best, first, last] = [0, 0, -1, 0, 0];
  for (let at = 0; at < 63; at++) {
    count += bins[at]!;
    sum += at * bins[at]!;
    if (count === 0 || count === light.length) continue;
    const apart = sum / count - (whole - sum) / (light.length - count);
    const between = count * (light.length - count) * apart * apart;
    if (between > best) [best, first] = [between, at];
    if (between === best) last = at;
  }
  return ((first + last) / 2 + 1) / 64;
}

/**
 * A digit on a photograph as the model takes it: what is rarer, dark or light, is the ink.
 * @param light `side` × `side` values, 0 to 1; @returns 28 × 28 values, or null where nothing stands out
 */
export function digitIn(light: Float32Array, side: number): Float32Array | null {
  const [least, most] = light.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [1, 0]);
  if (most - least < CONTRAST) return null;
  const cut = threshold(light);
  const dark = light.reduce((sum, value) => sum + (value < cut ? 1 : 0), 0);
  const isDark = dark <= light.length / 2;
  const ink = light.map((value) => (isDark ? Math.max(0, (cut - value) / (cut - least)) : Math.max(0, (value - cut) / (most - cut))));
  // Full ink from half-way on: a pen's middle is as dark on a photograph as its edge is in MNIST.
  return toDigit(ink.map((value) => Math.min(1, 2 * value)), side, side);
}
