import type { PacketKind } from "../mesh/packet.ts";
import type { Sent } from "../mesh/outbox.ts";
import type { Protection, Receiver, SentEntry, SentKind, SentQuery, SentRecord, SentView } from "./api.ts";

export const SENT_LOG_LIMITS = {
  /** Records kept; older ones stay in the totals alone. */
  records: 20_000,
  /** What is alike within so many milliseconds is one record. */
  grain: 1_000,
  /** Records in one answer to the page. */
  answer: 50,
} as const;

/** What the device calls a message that it hands to the mesh; a handshake is business of keys, sealed otherwise. */
export type SentLabel = SentKind | "handshake";

/** Every byte that leaves this device over its links and its sockets, since its tab was opened. Kept nowhere else. */
export interface SentLog {
  /** A frame went to a data channel. */
  frame(sent: Sent): void;
  /** The signalling server was given so many bytes: a sealed blob for somebody, or what is for itself. */
  server(bytes: number, isBlob: boolean): void;
  readonly totals: SentEntry[];
  view(query: SentQuery): SentView;
  /** All records, oldest first. */
  readonly records: readonly SentRecord[];
}

/** How the mesh's own packets are protected; a link itself is encrypted by DTLS in any case. */
const OVERHEAD: Record<PacketKind, Protection> = {
  hello: "signed",
  ping: "connection",
  goodbye: "connection",
  "link-state": "signed",
  summary: "connection",
  "want-states": "connection",
  signal: "signcrypted",
  unicast: "sealed",
  flood: "signed",
  "wide-flood": "signed",
};

function headingOf({ traffic, kind, label }: Sent): Pick<SentRecord, "kind" | "protection"> {
  if (traffic === "relayed") return { kind: "relay", protection: "passed on" };
  if (traffic === "overhead") return { kind: "link", protection: OVERHEAD[kind] };
  if (label === "handshake") return { kind: "keys", protection: "signcrypted" };
  return { kind: label as SentKind, protection: kind === "flood" || kind === "wide-flood" ? "signed" : "sealed" };
}

/** @param now milliseconds since 1970 */
export function createSentLog(now: () => number, limits: { records: number; grain: number; answer: number } = SENT_LOG_LIMITS): SentLog {
  const since = now();
  /** The record of number n lies at n modulo the limit. */
  const ring: SentRecord[] = [];
  let count = 0;
  const gone = { records: 0, bytes: 0 };
  const totals = new Map<string, SentEntry>();
  /** Those of the present grain, by what is alike. */
  const open = new Map<string, SentRecord>();
  let openAt = 0;

  function keep(record: SentRecord): void {
    const place = count++ % limits.records;
    const oldest = ring[place];
    if (oldest) {
      gone.records++;
      gone.bytes += oldest.bytes;
    }
    ring[place] = record;
  }

  function add(to: Receiver, { kind, protection }: Pick<SentRecord, "kind" | "protection">, bytes: number, messages: number): void {
    const at = Math.floor(now() / limits.grain) * limits.grain;
    if (at !== openAt) open.clear();
    openAt = at;
    const heading = `${kind} ${protection}`;
    let record = open.get(`${to} ${heading}`);
    if (!record) {
      record = { at, to, kind, protection, messages: 0, bytes: 0 };
      open.set(`${to} ${heading}`, record);
      keep(record);
    }
    const total = totals.get(heading) ?? { kind, protection, messages: 0, bytes: 0 };
    totals.set(heading, total);
    for (const entry of [record, total]) {
      entry.messages += messages;
      entry.bytes += bytes;
    }
  }

  /** Newest first, with their numbers. */
  function* backwards(): Generator<[number, SentRecord]> {
    for (let n = count - 1; n >= Math.max(0, count - limits.records); n--) yield [n, ring[n % limits.records]!];
  }

  return {
    frame: (sent) => add(sent.destination ?? "room", headingOf(sent), sent.bytes, sent.first ? 1 : 0),
    server: (bytes, isBlob) => add("server", { kind: "server", protection: isBlob ? "signcrypted" : "connection" }, bytes, 1),
    get totals() {
      return [...totals.values()].map((entry) => ({ ...entry }));
    },
    view({ kind, to, before = count }) {
      const records: SentRecord[] = [];
      const found = { records: 0, messages: 0, bytes: 0 };
      const receivers = new Map<Receiver, number>();
      let last = 0;
      let left = false;
      for (const [n, record] of backwards()) {
        receivers.set(record.to, (receivers.get(record.to) ?? 0) + record.bytes);
        if ((kind !== undefined && record.kind !== kind) || (to !== undefined && record.to !== to)) continue;
        if (n < before && records.length < limits.answer) {
          records.push({ ...record });
          last = n;
        } else if (n < before) left = true;
        found.records++;
        found.messages += record.messages;
        found.bytes += record.bytes;
      }
      return { since, records, older: left ? last : null, found, receivers: [...receivers].map(([id, bytes]) => ({ id, bytes })).sort((a, b) => b.bytes - a.bytes), totals: this.totals, gone: { ...gone } };
    },
    get records() {
      return [...backwards()].map(([, record]) => record).reverse();
    },
  };
}
