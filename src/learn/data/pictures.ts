import { type BadRow, BadRowsError, DataError } from "../errors.ts";
import type { RowFault } from "../faults.ts";
import { LISTED_BAD_ROWS, MAX_PICTURE_BYTES, MAX_PICTURES, MAX_PIXEL_BYTES } from "../limits.ts";
import type { ImageData } from "../task-data.ts";
import { readIdx } from "./idx.ts";
import type { Pictures } from "./images.ts";
import type { TableOptions } from "./table.ts";

/** Decodes a picture file to height × width × channels bytes, scaled to that size. A browser can; Node cannot. */
export type DecodePicture = (file: Blob, size: { height: number; width: number; channels: number }) => Promise<Uint8Array>;

/** Pictures that can be used, and those that cannot: a bad "line" is a picture's place among the files, from 1. */
export interface ReadPictures {
  pictures: Pictures;
  leftOut: { count: number; rows: BadRow[] };
}

/**
 * A person's pictures: files with a label each, or an IDX file of pictures and one of labels.
 * @throws BadRowsError for what cannot be decoded, unless the person agreed; DataError
 */
export async function readPictures(
  files: readonly Blob[],
  labels: readonly number[] | undefined,
  task: ImageData,
  decode: DecodePicture | undefined,
  { leaveOutBadRows = false }: Pick<TableOptions, "leaveOutBadRows"> = {},
): Promise<ReadPictures> {
  const [height, width] = task.shape;
  const channels = task.channels ?? 1;
  const size = height * width * channels;
  if (labels === undefined) return { pictures: await readIdxPair(files, task, size), leftOut: { count: 0, rows: [] } };
  if (!decode) throw new DataError("unavailable", "picture files cannot be decoded here; bring IDX files", { what: "no-decoder" });
  if (files.length !== labels.length || files.length === 0) throw new DataError("bad-choice", `${files.length} pictures with ${labels.length} labels`);
  const most = Math.min(MAX_PICTURES, Math.floor(MAX_PIXEL_BYTES / size));
  if (files.length > most) throw new DataError("too-large", `at most ${most} pictures of this size can be trained on`, { what: "many-pictures", most });
  checkLabels(labels, task.labels);
  const pixels = new Uint8Array(files.length * size);
  const taken: number[] = [];
  const bad: BadRow[] = [];
  const refuse = (index: number, fault: RowFault): void => void bad.push({ line: index + 1, column: 0, fault });
  for (const [index, file] of files.entries()) {
    if (file.size > MAX_PICTURE_BYTES) refuse(index, { what: "large-picture", bytes: file.size, most: MAX_PICTURE_BYTES });
    else {
      const decoded = await decode(file, { height, width, channels }).catch(() => null); // whatever it is, it is no picture
      if (decoded?.length !== size) refuse(index, { what: "no-picture" });
      else pixels.set(decoded, size * (taken.push(labels[index]!) - 1));
    }
  }
  const leftOut = { count: bad.length, rows: bad.slice(0, LISTED_BAD_ROWS) };
  if (bad.length > 0 && !leaveOutBadRows) throw new BadRowsError(bad.length, leftOut.rows);
  return { pictures: { labels: Uint8Array.from(taken), pixels: pixels.subarray(0, taken.length * size) }, leftOut };
}

async function readIdxPair(files: readonly Blob[], task: ImageData, size: number): Promise<Pictures> {
  if (files.length !== 2) throw new DataError("bad-choice", "an IDX file of pictures and one of labels are needed, or a label for each picture", { what: "idx-pair" });
  if (files.some((file) => file.size > MAX_PIXEL_BYTES + 20)) throw new DataError("too-large", `a file is over ${MAX_PIXEL_BYTES} bytes`, { what: "large-file", most: MAX_PIXEL_BYTES });
  const [images, labels] = await Promise.all(files.map(async (file) => readIdx(new Uint8Array(await file.arrayBuffer()))));
  const pictureSize = images!.shape.slice(1).reduce((product, side) => product * side, 1);
  const [height, width] = task.shape;
  if (images!.shape[1] !== height || images!.shape[2] !== width || pictureSize !== size) {
    const [found, wanted] = [images!.shape.slice(1).join(" × "), `${height} × ${width}`];
    throw new DataError("malformed", `the pictures are ${found}, the task wants ${wanted}`, { what: "idx-size", found, wanted });
  }
  if (labels!.shape.length !== 1 || labels!.shape[0] !== images!.shape[0]) throw new DataError("malformed", "the second file does not hold a label for each picture of the first", { what: "idx-labels" });
  checkLabels(labels!.values, task.labels);
  return { labels: labels!.values, pixels: images!.values };
}

function checkLabels(labels: ArrayLike<number>, count: number): void {
  if (!Array.from(labels).every((label) => Number.isInteger(label) && label >= 0 && label < count)) throw new DataError("malformed", `labels are 0 to ${count - 1}`, { what: "labels-range", most: count - 1 });
}
