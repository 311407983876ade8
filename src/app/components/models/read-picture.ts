import type { ModelView } from "../../../device/api.ts";
import { toDigit } from "../../digit.ts";
import { brightness, colours, digitIn, LOOK_SIDE } from "../../picture.ts";
import { type Sheet, SHEET_SIDE } from "../../sheet.ts";

export type PictureData = Extract<ModelView["task"]["data"], { kind: "image" }>;

function pixels(source: CanvasImageSource, [x, y, width, height]: readonly number[], [toWidth, toHeight]: readonly [number, number]): Uint8ClampedArray {
  const canvas = document.createElement("canvas");
  canvas.width = toWidth;
  canvas.height = toHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser draws no 2D canvas");
  context.fillStyle = "white";
  context.fillRect(0, 0, toWidth, toHeight);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, x!, y!, width!, height!, 0, 0, toWidth, toHeight);
  return context.getImageData(0, 0, toWidth, toHeight).data;
}

/**
 * A photograph as the task's model takes it, prepared as in training; null where a digit is wanted and none stands out.
 * @param middle of a frame only the largest square in the middle; a file is taken whole
 */
export function readPicture(source: CanvasImageSource, width: number, height: number, data: PictureData, middle: boolean): Float32Array | null {
  const side = Math.min(width, height);
  const part = middle ? [(width - side) / 2, (height - side) / 2, side, side] : [0, 0, width, height];
  if (data.source === "digits") return digitIn(brightness(pixels(source, part, [LOOK_SIDE, LOOK_SIDE])), LOOK_SIDE);
  const rgba = pixels(source, part, [data.shape[1], data.shape[0]]);
  return data.channels === 3 ? colours(rgba) : brightness(rgba);
}

/** A drawing: a digit as MNIST has it, else white ink on black, as drawings are kept to be trained on. */
export function readSheet(sheet: Sheet, data: PictureData): Float32Array | null {
  const ink = sheet.ink();
  if (data.source === "digits") return toDigit(ink, SHEET_SIDE, SHEET_SIDE);
  const { width, height } = { height: data.shape[0], width: data.shape[1] };
  return Float32Array.from({ length: width * height }, (_, i) => ink[Math.floor(((Math.floor(i / width) + 0.5) * SHEET_SIDE) / height) * SHEET_SIDE + Math.floor((((i % width) + 0.5) * SHEET_SIDE) / width)]!);
}
