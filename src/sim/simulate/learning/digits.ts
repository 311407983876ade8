import type { Samples } from "../../../learn/pack.ts";

/** Digits at half their size: 14 × 14 pictures, of which only the ink is kept. */
export interface Pictures {
  labels: Uint8Array;
  /** Places of the ink, and how dark it is. */
  places: readonly Uint8Array[];
  ink: readonly Float32Array[];
}

export const PIXELS = 14 * 14;
export const LABELS = 10;
/** Of a pixel over all pictures: ink is counted in it. */
const DEVIATION = 0.3;

/** @param samples of 28 × 28 pixels */
export function halve({ labels, pixels, width, height }: Samples): Pictures {
  const [rows, columns] = [height / 2, width / 2];
  const places: Uint8Array[] = [];
  const ink: Float32Array[] = [];
  const picture = new Float32Array(rows * columns);
  for (let sample = 0; sample < labels.length; sample++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const at = sample * width * height + 2 * y * width + 2 * x;
        picture[y * columns + x] = (pixels[at]! + pixels[at + 1]! + pixels[at + width]! + pixels[at + width + 1]!) / (4 * 255 * DEVIATION);
      }
    }
    const inked = [...picture.keys()].filter((place) => picture[place]! > 0);
    places.push(Uint8Array.from(inked));
    ink.push(Float32Array.from(inked, (place) => picture[place]!));
  }
  return { labels, places, ink };
}
