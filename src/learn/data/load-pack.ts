import { DataError } from "../errors.ts";
import { PACK_TIMEOUT_MS } from "../limits.ts";
import type { LoadPack } from "./load.ts";

/** Fetches data files from below a folder of the app's own server. */
export function packsFrom(folder: URL, keep?: (address: string, response: Response) => void): LoadPack {
  return async (path) => {
    const response = await fetch(new URL(path, folder), { signal: AbortSignal.timeout(PACK_TIMEOUT_MS) });
    if (!response.ok) throw new DataError("unavailable", `${path} could not be fetched (HTTP ${response.status}); check the connection to the server and try again`);
    keep?.(response.url, response.clone());
    return new Uint8Array(await response.arrayBuffer());
  };
}
