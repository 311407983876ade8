/** Side of the model's input, in pixels. */
export const DIGIT_SIDE = 28;
/** The longer side of the ink's box within it, as MNIST's makers fitted theirs. */
const BOX_SIDE = 20;
/** Ink below this share of full black is paper. */
const FAINT = 0.05;

/** Bounds of the ink, in pixels: from (left, top) up to, not including, (right, bottom). */
function inkBox(ink: ArrayLike<number>, width: number, height: number): { left: number; top: number; right: number; bottom: number } | null {
  let left = width;
  let top = height;
  let right = 0;
  let bottom = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((ink[y * width + x] ?? 0) < FAINT) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  return right > left ? { left, top, right, bottom } : null;
}

/** How much of each source pixel falls into target pixel `at`, when one target pixel covers `step` source pixels. */
function coverage(start: number, step: number, at: number, end: number): { from: number; weights: number[] } {
  const low = start + at * step;
  const high = Math.min(low + step, end);
  const from = Math.floor(low);
  const weights: number[] = [];
  for (let pixel = from; pixel < high; pixel++) weights.push(Math.max(0, Math.min(pixel + 1, high) - Math.max(pixel, low)));
  return { from, weights };
}

/**
 * A drawing as MNIST holds its digits (LeCun et al. 1998): the ink's box fitted into 20 × 20 with its aspect
 * kept and its edges anti-aliased (every target pixel is the mean of the area it covers), then put into
 * 28 × 28 with its centre of mass in the middle.
 * @param ink `width` × `height` values row by row, 0 (paper) to 1 (ink)
 * @returns 28 × 28 values of the same kind, or null for an empty sheet
 */
export function toDigit(ink: ArrayLike<number>, width: number, height: number): Float32Array | null {
  const box = inkBox(ink, width, height);
  if (box === null) return null;
  const step = Math.max(box.right - box.left, box.bottom - box.top) / BOX_SIDE;
  const columns = Math.max(1, Math.min(BOX_SIDE, Math.ceil((box.right - box.left) / step - 1e-9)));
  const rows = Math.max(1, Math.min(BOX_SIDE, Math.ceil((box.bottom - box.top) / step - 1e-9)));
  const small = new Float32Array(columns * rows);
  let mass = 0;
  let massX = 0;
  let massY = 0;
  for (let row = 0; row < rows; row++) {
    const down = coverage(box.top, step, row, box.bottom);
    for (let column = 0; column < columns; column++) {
      const across = coverage(box.left, step, column, box.right);
      let sum = 0;
      down.weights.forEach((high, y) => {
        across.weights.forEach((wide, x) => {
          sum += high * wide * (ink[(down.from + y) * width + across.from + x] ?? 0);
        });
      });
      const value = Math.min(1, sum / (step * step));
      small[row * columns + column] = value;
      mass += value;
      massX += value * (column + 0.5);
      massY += value * (row + 0.5);
    }
  }
  const shiftX = Math.round(DIGIT_SIDE / 2 - massX / mass);
  const shiftY = Math.round(DIGIT_SIDE / 2 - massY / mass);
  const digit = new Float32Array(DIGIT_SIDE * DIGIT_SIDE);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = column + shiftX;
      const y = row + shiftY;
      if (x >= 0 && x < DIGIT_SIDE && y >= 0 && y < DIGIT_SIDE) digit[y * DIGIT_SIDE + x] = small[row * columns + column] ?? 0;
    }
  }
  return digit;
}

/** The same digit as bytes, 0 to 255, as drawings are kept. */
export const toBytes = (digit: Float32Array): Uint8Array<ArrayBuffer> => Uint8Array.from(digit, (value) => Math.round(255 * value));
