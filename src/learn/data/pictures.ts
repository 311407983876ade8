import { DataError } from "../errors.ts";
import { MAX_PICTURE_BYTES, MAX_PICTURES, MAX_PIXEL_BYTES } from "../limits.ts";
import type { ImageData } from "../task-data.ts";
import { readIdx } from "./idx.ts";
import type { Pictures } from "./images.ts";

/** Decodes a picture file to height × width × channels bytes, scaled to that size. A browser can; Node cannot. */
export type DecodePicture = (file: Blob, size: { height: number; width: number; channels: number }) => Promise<Uint8Array>;

/**
 * A person's pictures: files with a label each, or an IDX file of pictures and one of labels.
 * @throws DataError
 */
export async function readPictures(files: readonly Blob[], labels: readonly number[] | undefined, task: ImageData, decode: DecodePicture | undefined): Promise<Pictures> {
  const [height, width] = task.shape;
  const channels = task.channels ?? 1;
  const size = height * width * channels;
  if (labels === undefined) return readIdxPair(files, task, size);
  if (!decode) throw new DataError("unavailable", "picture files cannot be decoded here; bring IDX files");
  if (files.length !== labels.length || files.length === 0) throw new DataError("bad-choice", `${files.length} pictures with ${labels.length} labels`);
  if (files.length > MAX_PICTURES || files.length * size > MAX_PIXEL_BYTES) throw new DataError("too-large", `at most ${Math.min(MAX_PICTURES, Math.floor(MAX_PIXEL_BYTES / size))} pictures of this size can be trained on`);
  checkLabels(labels, task.labels);
  const pixels = new Uint8Array(files.length * size);
  for (const [index, file] of files.entries()) {
    if (file.size > MAX_PICTURE_BYTES) throw new DataError("too-large", `picture ${index + 1} has ${file.size} bytes; at most ${MAX_PICTURE_BYTES} are decoded`);
    const decoded = await decode(file, { height, width, channels }).catch((cause: unknown) => {
      throw new DataError("malformed", `picture ${index + 1} cannot be decoded (${String(cause)}); leave it out`);
    });
    if (decoded.length !== size) throw new DataError("malformed", `picture ${index + 1} was decoded to ${decoded.length} bytes where ${size} are needed`);
    pixels.set(decoded, index * size);
  }
  return { labels: Uint8Array.from(labels), pixels };
}

async function readIdxPair(files: readonly Blob[], task: ImageData, size: number): Promise<Pictures> {
  if (files.length !== 2) throw new DataError("bad-choice", "an IDX file of pictures and one of labels are needed, or a label for each picture");
  if (files.some((file) => file.size > MAX_PIXEL_BYTES + 20)) throw new DataError("too-large", `a file is over ${MAX_PIXEL_BYTES} bytes`);
  const [images, labels] = await Promise.all(files.map(async (file) => readIdx(new Uint8Array(await file.arrayBuffer()))));
  const pictureSize = images!.shape.slice(1).reduce((product, side) => product * side, 1);
  const [height, width] = task.shape;
  if (images!.shape[1] !== height || images!.shape[2] !== width || pictureSize !== size) {
    throw new DataError("malformed", `the pictures are ${images!.shape.slice(1).join(" × ")}, the task wants ${height} × ${width}`);
  }
  if (labels!.shape.length !== 1 || labels!.shape[0] !== images!.shape[0]) throw new DataError("malformed", "the second file does not hold a label for each picture of the first");
  checkLabels(labels!.values, task.labels);
  return { labels: labels!.values, pixels: images!.values };
}

function checkLabels(labels: ArrayLike<number>, count: number): void {
  if (!Array.from(labels).every((label) => Number.isInteger(label) && label >= 0 && label < count)) throw new DataError("malformed", `labels are 0 to ${count - 1}`);
}
