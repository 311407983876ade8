import type { DecodePicture } from "./pictures.ts";

/** Shares of red, green and blue in a pixel's brightness (ITU-R BT.709). */
const LUMA = [0.2126, 0.7152, 0.0722] as const;

/** By the browser's own decoders, stretched to the size that is wanted, on white where a picture is transparent. */
export const decodePicture: DecodePicture = async (file, { height, width, channels }) => {
  const bitmap = await createImageBitmap(file, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
  try {
    const context = new OffscreenCanvas(width, height).getContext("2d");
    if (!context) throw new Error("this browser draws no pictures in a worker");
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    return takeChannels(context.getImageData(0, 0, width, height).data, channels);
  } finally {
    bitmap.close();
  }
};

/** Red, green and blue of RGBA pixels, or their brightness alone. */
export function takeChannels(rgba: Uint8ClampedArray, channels: number): Uint8Array {
  const pixels = new Uint8Array((rgba.length / 4) * channels);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    if (channels === 1) pixels[to++] = Math.round(LUMA[0] * rgba[from]! + LUMA[1] * rgba[from + 1]! + LUMA[2] * rgba[from + 2]!);
    else for (let channel = 0; channel < channels; channel++) pixels[to++] = rgba[from + channel]!;
  }
  return pixels;
}

/** Longer side of a picture as it is shown in a list. */
const THUMBNAIL = 96;

/** A small copy of a picture, with its proportions. */
export async function thumbnail(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  try {
    const scale = THUMBNAIL / Math.max(bitmap.width, bitmap.height);
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(scale * bitmap.width)), Math.max(1, Math.round(scale * bitmap.height)));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/webp", quality: 0.8 });
  } finally {
    bitmap.close();
  }
}
