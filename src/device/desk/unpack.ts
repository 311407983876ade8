import { unzip } from "../../learn/export/zip.ts";
import { DataError, TaskError } from "../../learn/errors.ts";
import type { GivenFile } from "./api.ts";

const ZIP = /\.zip$/i;
/** What systems put into archives for themselves. */
const HIDDEN = /(^|\/)(\.|__MACOSX\/)/;

/**
 * The files, and in place of each archive what is in it, as if its folder had been picked.
 * @param limit bytes of an archive, unpacked @throws DataError where one cannot be read
 */
export async function unpackArchives(given: readonly GivenFile[], limit: number): Promise<GivenFile[]> {
  return (await Promise.all(given.map((entry) => (ZIP.test(entry.name) ? unpack(entry, limit) : [entry])))).flat();
}

async function unpack({ file, name }: GivenFile, limit: number): Promise<GivenFile[]> {
  if (file.size > limit) throw new DataError("too-large", `${name} has ${file.size} bytes; at most ${limit} are unpacked`, { what: "large-file", most: limit });
  try {
    const entries = (await unzip(new Uint8Array(await file.arrayBuffer()), limit)).filter((entry) => !HIDDEN.test(entry.name));
    const [root] = entries[0]?.name.split("/") ?? [];
    // Most archives are of one folder, which then is the one that was picked.
    const inOne = entries.every((entry) => entry.name.startsWith(`${root}/`));
    return entries.map((entry) => ({ file: new Blob([entry.bytes]), name: inOne ? entry.name : `${name.replace(ZIP, "")}/${entry.name}` }));
  } catch (cause) {
    if (!(cause instanceof TaskError)) throw cause;
    throw new DataError("malformed", `${name}: ${cause.message}`, { what: "bad-archive" });
  }
}
