import type { SentFormat } from "./api.ts";
import type { SentLog } from "./sent-log.ts";

const COLUMNS = ["time", "to", "kind", "protection", "messages", "bytes"] as const;

/**
 * The log as a file, UTF-8. CSV (RFC 4180): one line a record; no value of ours holds a comma or a quote. JSON: the
 * totals too, which also count what is too old for a record of its own.
 * @param now milliseconds since 1970
 */
export function sentFile(log: SentLog, format: SentFormat, now: number): Uint8Array<ArrayBuffer> {
  const records = log.records.map(({ at, ...rest }) => ({ time: new Date(at).toISOString(), ...rest }));
  if (format === "csv") return encode([COLUMNS.join(","), ...records.map((record) => COLUMNS.map((column) => record[column]).join(",")), ""].join("\r\n"));
  const { since, gone, totals } = log.view({});
  return encode(`${JSON.stringify({ since: new Date(since).toISOString(), until: new Date(now).toISOString(), totals, tooOld: gone, records }, null, 1)}\n`);
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
