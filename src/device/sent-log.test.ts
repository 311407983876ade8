import { afterEach, describe, expect, it } from "vitest";
import { createRoom, peer } from "../mesh/testing/room.ts";
import type { Sent } from "../mesh/outbox.ts";
import type { PeerId } from "../wire/ids.ts";
import { sentFile } from "./sent-file.ts";
import { createSentLog, type SentLabel } from "./sent-log.ts";

const [a, b] = [peer(1), peer(2)] as [PeerId, PeerId];
const own = (label: SentLabel, destination: PeerId | null, bytes: number, first = true): Sent => ({ traffic: "own", kind: destination === null ? "flood" : "unicast", destination, label, bytes, first });

let now = 0;
const at = (ms: number): void => void (now = ms);
afterEach(() => at(0));

describe("the log of what was sent", () => {
  it("counts as one what is alike within a second, and messages by their first frame", () => {
    const log = createSentLog(() => now);
    at(5_100);
    log.frame(own("update", a, 16_000));
    log.frame(own("update", a, 4_000, false));
    log.frame(own("update", b, 100));
    at(5_900);
    log.frame(own("update", a, 50));
    at(6_000);
    log.frame(own("update", a, 7));
    expect(log.records).toEqual([
      { at: 5_000, to: a, kind: "update", protection: "sealed", messages: 2, bytes: 20_050 },
      { at: 5_000, to: b, kind: "update", protection: "sealed", messages: 1, bytes: 100 },
      { at: 6_000, to: a, kind: "update", protection: "sealed", messages: 1, bytes: 7 },
    ]);
  });

  it("says for whom, of which kind and how protected", () => {
    const log = createSentLog(() => now);
    log.frame(own("status", null, 1));
    log.frame(own("handshake", a, 2));
    log.frame({ traffic: "relayed", kind: "unicast", destination: b, label: undefined, bytes: 3, first: true });
    log.frame({ traffic: "overhead", kind: "ping", destination: a, label: undefined, bytes: 4, first: true });
    log.frame({ traffic: "overhead", kind: "signal", destination: a, label: undefined, bytes: 5, first: true });
    log.server(6, true);
    log.server(7, false);
    expect(log.view({}).records.reverse().map(({ to, kind, protection, bytes }) => [to, kind, protection, bytes])).toEqual([
      ["room", "status", "signed", 1],
      [a, "keys", "signcrypted", 2],
      [b, "relay", "passed on", 3],
      [a, "link", "connection", 4],
      [a, "link", "signcrypted", 5],
      ["server", "server", "signcrypted", 6],
      ["server", "server", "connection", 7],
    ]);
  });

  it("finds by kind and by receiver, a page at a time", () => {
    const log = createSentLog(() => now, { records: 100, grain: 10, answer: 3 });
    for (let i = 0; i < 12; i++) {
      at(10 * i);
      log.frame(own(i % 2 ? "sum" : "update", i < 6 ? a : b, i));
    }
    const sums = log.view({ kind: "sum" });
    expect(sums.found).toEqual({ records: 6, messages: 6, bytes: 36 });
    expect(sums.records.map(({ bytes }) => bytes)).toEqual([11, 9, 7]);
    const rest = log.view({ kind: "sum", before: sums.older! });
    expect(rest.records.map(({ bytes }) => bytes)).toEqual([5, 3, 1]);
    expect(rest.older).toBeNull();
    // What comes meanwhile does not move the older ones.
    log.frame(own("sum", b, 13));
    expect(log.view({ kind: "sum", before: sums.older! }).records).toEqual(rest.records);
    expect(log.view({ kind: "sum", to: a }).found.bytes).toBe(9);
    expect(sums.receivers).toEqual([{ id: b, bytes: 51 }, { id: a, bytes: 15 }]);
  });

  it("stays small, and loses no byte of the totals", () => {
    const log = createSentLog(() => now, { records: 10, grain: 1, answer: 5 });
    for (let i = 0; i < 35; i++) {
      at(i);
      log.frame(own("update", a, 3));
    }
    const { found, gone, totals } = log.view({});
    expect(found.records).toBe(10);
    expect(gone).toEqual({ records: 25, bytes: 75 });
    expect(totals).toEqual([{ kind: "update", protection: "sealed", messages: 35, bytes: 105 }]);
    expect(log.records.map((record) => record.at)).toEqual([25, 26, 27, 28, 29, 30, 31, 32, 33, 34]);
  });

  it("goes into a file, with all that is known of a record", () => {
    const log = createSentLog(() => now);
    at(1_700_000_000_500);
    log.frame(own("update", a, 9));
    log.server(4, false);
    const csv = new TextDecoder().decode(sentFile(log, "csv", now));
    expect(csv.split("\r\n")).toEqual(["time,to,kind,protection,messages,bytes", `2023-11-14T22:13:20.000Z,${a},update,sealed,1,9`, "2023-11-14T22:13:20.000Z,server,server,connection,1,4", ""]);
    const json = JSON.parse(new TextDecoder().decode(sentFile(log, "json", now))) as { records: unknown[]; totals: unknown[] };
    expect(json).toMatchObject({ until: "2023-11-14T22:13:20.500Z", tooOld: { records: 0, bytes: 0 }, totals: log.totals });
    expect(json.records).toHaveLength(2);
  });
});

describe("what a mesh sends", () => {
  it("is in the log to the last byte: messages, relays, link states, heartbeats, goodbyes", async () => {
    const room = createRoom();
    const logs = new Map([1, 2, 3, 4, 5, 6].map((n) => [peer(n), createSentLog(() => room.clock.now())]));
    const members = [...logs].map(([id, log]) => room.join(id, { degree: 2, forced: true, onSent: log.frame }));
    await room.clock.advance(8_000);
    const [first] = members as [(typeof members)[0]];
    first.mesh.broadcast(new Uint8Array(300), "status");
    const sends = members.slice(1).map(({ id }) => first.mesh.send(id, new Uint8Array(40_000), { label: "update" }));
    await Promise.all([...sends, room.clock.advance(2_000)]);
    const bytesOf = (id: PeerId, kind: string): number => logs.get(id)!.totals.filter((total) => total.kind === kind).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(bytesOf(first.id, "update")).toBeGreaterThan(5 * 40_000);
    for (const { mesh } of members) mesh.close();
    for (const { id, mesh } of members) {
      const { own: mine, relayed, overhead } = mesh.snapshot().up;
      expect(bytesOf(id, "update") + bytesOf(id, "status")).toBe(mine);
      expect(bytesOf(id, "relay")).toBe(relayed);
      expect(bytesOf(id, "link")).toBe(overhead);
    }
    expect(members.some(({ id }) => bytesOf(id, "relay") > 0)).toBe(true);
  });
});
