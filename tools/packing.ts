/** What the tools that pack data share. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const squeeze = promisify(gzip);

/** Where the data that ship lie. */
export const dataFolder = join(dirname(fileURLToPath(import.meta.url)), "../public/data");

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The same bytes for the same input on one Node version, whatever system it runs on. */
export async function zip(bytes: Uint8Array): Promise<Uint8Array> {
  const zipped = await squeeze(bytes, { level: 6 });
  // zlib writes no time, but the system's kind: byte 9 of RFC 1952's header, set to "unknown".
  zipped[9] = 255;
  return zipped;
}

interface Index {
  v: number;
  provenance: unknown;
  /** By name. */
  files: Record<string, unknown>;
}

/** A folder's index, if it is of this layout and origin and all its files are there. */
export async function keptIndex<T extends Index>(folder: string, layout: number, provenance: unknown): Promise<T | null> {
  const present = new Set(
    await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return [];
      throw cause;
    }),
  );
  if (!present.has("index.json")) return null;
  const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as T;
  const names = Object.keys(index.files ?? {});
  const whole = index.v === layout && names.length > 0 && names.every((name) => present.has(name));
  return whole && JSON.stringify(index.provenance) === JSON.stringify(provenance) ? index : null;
}
