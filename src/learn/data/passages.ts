import { DataError } from "../errors.ts";
import type { PassageData } from "../task-data.ts";
import type { Examples } from "./examples.ts";

/** A text and its label. */
export interface LabelledText {
  label: number;
  text: string;
}

type Counting = Pick<PassageData, "longest" | "buckets">;

/** Texts cut into passages of about `bytes` bytes, at spaces where there are some, and never within a character. */
export function passageExamples(texts: readonly LabelledText[], task: PassageData): Examples {
  const passages = texts.flatMap(({ label, text }) => cut(new TextEncoder().encode(text), task.bytes).map((bytes) => ({ label, bytes })));
  return {
    labelCount: task.labels.length,
    labels: Uint8Array.from(passages, ({ label }) => label),
    size: task.buckets,
    write: (sample, into, at) => countRuns(passages[sample]!.bytes, task, into.subarray(at, at + task.buckets)),
  };
}

const SPACE = 0x20;
/** UTF-8 (RFC 3629): bytes of this pattern go on with a character. */
const continues = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

function cut(bytes: Uint8Array, length: number): Uint8Array[] {
  const passages: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    let to = Math.min(bytes.length, from + length);
    if (to < bytes.length) {
      const space = bytes.lastIndexOf(SPACE, to);
      if (space > from + length / 2) to = space + 1;
      while (to > from + 1 && continues(bytes[to])) to--;
    }
    // What is left at the end is too short to tell anything by.
    if (to - from >= length / 2 || passages.length === 0) passages.push(bytes.subarray(from, to));
    from = to;
  }
  return passages;
}

/** FNV-1a (Fowler, Noll and Vo): where the next byte takes a run's hash. */
const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * How often each run of 1 to `longest` bytes comes in a text, as hashed into `buckets` numbers (the hashing trick,
 * Weinberger et al., 2009): the root of each count, all scaled to a length of √buckets, so that a number is about 1.
 */
export function countRuns(bytes: Uint8Array, { longest, buckets }: Counting, into: Float32Array): void {
  into.fill(0);
  for (let from = 0; from < bytes.length; from++) {
    let hash = FNV_START;
    for (let to = from; to < Math.min(bytes.length, from + longest); to++) {
      hash = Math.imul(hash ^ bytes[to]!, FNV_PRIME);
      into[((hash ^ (hash >>> 15)) >>> 0) % buckets]! += 1;
    }
  }
  let sum = 0;
  for (let i = 0; i < buckets; i++) {
    sum += into[i]!;
    into[i] = Math.sqrt(into[i]!);
  }
  const scale = sum === 0 ? 0 : Math.sqrt(buckets / sum);
  for (let i = 0; i < buckets; i++) into[i] = into[i]! * scale;
}

/** The bytes of a text to be answered, as numbers. @throws DataError `malformed` */
export function encodePassage(values: Float32Array, task: Counting): Float32Array {
  const bytes = toBytes(values);
  const counts = new Float32Array(task.buckets);
  countRuns(bytes, task, counts);
  return counts;
}

export function toBytes(values: Float32Array): Uint8Array<ArrayBuffer> {
  if (values.length === 0 || !values.every((value) => Number.isInteger(value) && value >= 0 && value < 256)) {
    throw new DataError("malformed", "a text is given as its UTF-8 bytes, at least one");
  }
  return Uint8Array.from(values);
}
