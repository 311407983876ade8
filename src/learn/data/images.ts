import type { Random } from "../../wire/random.ts";
import type { ImageData } from "../task-data.ts";
import type { Examples } from "./examples.ts";

/** Pictures of one size, channel by channel within a pixel, row by row, picture after picture. */
export interface Pictures {
  labels: Uint8Array;
  /** 0 to 255 */
  pixels: Uint8Array;
}

type Preparation = Pick<ImageData, "shape" | "channels" | "labels" | "scale" | "augment">;

export function imageExamples({ labels, pixels }: Pictures, task: Preparation): Examples {
  const [height, width] = task.shape;
  const channels = task.channels ?? 1;
  const size = height * width * channels;
  const { mean, deviation } = task.scale ?? { mean: 0, deviation: 1 };
  const table = Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean) / deviation);
  const { augment } = task;
  return {
    labelCount: task.labels,
    labels,
    size,
    write(sample, into, at, chance) {
      const from = sample * size;
      if (chance && augment) return altered(pixels.subarray(from, from + size), [height, width, channels], augment, chance, (value, i) => (into[at + i] = (value / 255 - mean) / deviation));
      for (let i = 0; i < size; i++) into[at + i] = table[pixels[from + i]!]!;
    },
  };
}

/** Pixels from 0 to 1, as the model takes them. */
export function scaledPixels(pixels: Float32Array, { scale }: Pick<ImageData, "scale">): Float32Array {
  if (!scale) return pixels;
  return pixels.map((pixel) => (pixel - scale.mean) / scale.deviation);
}

/**
 * A picture moved, turned about its middle and mirrored by chance. What comes from beyond the edge is 0, the digits'
 * paper; between pixels it is the bilinear mean.
 */
function altered(pixels: Uint8Array, [height, width, channels]: [number, number, number], { shift, rotate, flip }: NonNullable<ImageData["augment"]>, chance: Random, put: (value: number, at: number) => void): void {
  const signed = () => 2 * chance.uniform() - 1;
  const [down, right] = [signed() * shift, signed() * shift];
  const angle = (signed() * rotate * Math.PI) / 180;
  const mirrored = flip && chance.uniform() < 0.5;
  // Their last bits differ between engines.
  const [sin, cos] = [Math.fround(Math.sin(angle)), Math.fround(Math.cos(angle))];
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  const pixel = (y: number, x: number, channel: number) => (y < 0 || x < 0 || y >= height || x >= width ? 0 : pixels[(y * width + x) * channels + channel]!);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dy, dx] = [y - middleY - down, (mirrored ? width - 1 - x : x) - middleX - right];
      const [sourceY, sourceX] = [middleY + cos * dy - sin * dx, middleX + sin * dy + cos * dx];
      const [top, left] = [Math.floor(sourceY), Math.floor(sourceX)];
      const [low, far] = [sourceY - top, sourceX - left];
      for (let channel = 0; channel < channels; channel++) {
        const above = (1 - far) * pixel(top, left, channel) + far * pixel(top, left + 1, channel);
        const below = (1 - far) * pixel(top + 1, left, channel) + far * pixel(top + 1, left + 1, channel);
        put((1 - low) * above + low * below, (y * width + x) * channels + channel);
      }
    }
  }
}
