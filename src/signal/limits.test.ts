import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createBucket } from "./bucket.ts";
import { SIGNAL_LIMITS, withLimits } from "./limits.ts";
import { blobBytes } from "./protocol.ts";
import { REFUSALS, type RefusalCode } from "./refusal.ts";
import { claimOf, host, idBytesOf, raw, until, type Host, type Raw } from "./signal.fixture.ts";

let server: Host | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function isRefused(socket: Raw, code: RefusalCode): Promise<void> {
  expect((await socket.next("refused")).code).toBe(code);
  expect(await socket.closed).toBe(REFUSALS[code].close);
  expect(socket.got.filter(({ kind }) => kind === "refused")).toHaveLength(1);
}


test("a message over the size limit is refused, one at the limit arrives", async () => {
  server = await host({ messageBytes: 1_024 });
  const [big, mate] = [await raw(server.url), await raw(server.url)];
  await mate.join(1, 1);
  await big.join(1, 2);
  big.tell({ kind: "send", to: idBytesOf(1), blob: new Uint8Array(blobBytes(1_024)) });
  expect((await mate.next("from")).blob).toHaveLength(blobBytes(1_024));
  big.tell({ kind: "send", to: idBytesOf(1), blob: new Uint8Array(1_024) });
  await isRefused(big, "size");
  expect((await mate.next("news")).gone).toEqual([idBytesOf(2)]);
});

test("a message far over the size limit is closed before it is read", async () => {
  server = await host({ messageBytes: 1_024 });
  const big = await raw(server.url);
  big.tellBytes(new Uint8Array(100_000));
  expect(await big.closed).toBe(1009);
});

test("more messages than the burst are refused", async () => {
  server = await host({ messageBurst: 10, messagesPerSecond: 0.001 });
  const hasty = await raw(server.url);
  await hasty.join(1, 1);
  for (let i = 0; i < 10; i++) hasty.tell({ kind: "there" });
  await isRefused(hasty, "rate");
  expect(hasty.got.filter(({ kind }) => kind === "here")).toHaveLength(9);
});

test("a bucket gives its burst at once and then its rate", () => {
  const bucket = createBucket(2, 3, 0);
  expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
  expect(bucket.wait(0)).toBe(500);
  expect([499, 500, 501].map((now) => bucket.take(now))).toEqual([false, true, false]);
  expect([10_000, 10_000, 10_000, 10_000].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
  expect(bucket.take(0)).toBe(false);
});

test("a full room refuses one more, but not the return of one who is in it", async () => {
  server = await host({ peersPerRoom: 2 });
  const sockets = [await raw(server.url), await raw(server.url), await raw(server.url), await raw(server.url)] as const;
  await sockets[0].join(1, 1);
  await sockets[1].join(1, 2);
  sockets[2].tell({ kind: "join", topic: new Uint8Array(32).fill(1), claim: claimOf(3) });
  await isRefused(sockets[2], "full");
  expect((await sockets[3].join(1, 2)).peers).toEqual([idBytesOf(1)]);
});

test("no more rooms are opened than allowed, and an empty room makes place", async () => {
  server = await host({ rooms: 1 });
  const [first, second, third] = [await raw(server.url), await raw(server.url), await raw(server.url)];
  await first.join(1, 1);
  second.tell({ kind: "join", topic: new Uint8Array(32).fill(2), claim: claimOf(2) });
  await isRefused(second, "rooms");
  first.socket.close();
  await until(() => server?.signal.health().rooms === 0);
  await third.join(2, 3);
  expect(server.signal.health().rooms).toBe(1);
});

test("a socket over the limit is told so", async () => {
  server = await host({ sockets: 1 });
  const [first, second] = [await raw(server.url), await raw(server.url)];
  await isRefused(second, "sockets");
  await first.join(1, 1);
});

test("a flood of sockets beyond the limit is not greeted", async () => {
  server = await host({ sockets: 1, closeMs: 60_000 });
  const statuses: string[] = [];
  const kept: Socket[] = [];
  while (statuses.at(-1) !== "503" && kept.length < 200) {
    // Says hello and then nothing, so that no goodbye frees its place.
    const socket = connect(server.port, "127.0.0.1");
    kept.push(socket);
    socket.write("GET /signal HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    statuses.push(String(answer).slice(9, 12));
  }
  expect(new Set(statuses)).toEqual(new Set(["101", "503"]));
  for (const socket of kept) socket.destroy();
});

test("a socket that joins no room in time is dropped", async () => {
  server = await host({ joinMs: 50, sweepMs: 10 });
  await isRefused(await raw(server.url), "deadline");
});

test("a socket that answers no ping is dropped, one that does stays", async () => {
  server = await host({ pingMs: 30, idleMs: 120, sweepMs: 10 });
  const [dead, alive] = [await raw(server.url), await raw(server.url)];
  await alive.join(1, 1);
  await dead.join(1, 2);
  await alive.next("news");
  dead.socket.pause();
  expect((await alive.next("news")).gone).toEqual([idBytesOf(2)]);
  expect(server.signal.health()).toMatchObject({ rooms: 1 });
  expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  dead.socket.terminate();
});

test("a refused socket that never says goodbye is terminated", async () => {
  server = await host({ joinMs: 20, closeMs: 30, sweepMs: 10 });
  const mute = await raw(server.url);
  mute.socket.pause();
  await until(() => server?.signal.health().sockets === 0);
  mute.socket.terminate();
});

test("a slow reader is cut off instead of buffered for, and its room goes on", async () => {
  server = await host({ bufferedBytes: 200_000, messagesPerSecond: 1e6, messageBurst: 1e6 });
  const [slow, writer, mate] = [await raw(server.url), await raw(server.url), await raw(server.url)];
  await writer.join(1, 1);
  await slow.join(1, 2);
  await mate.join(1, 3);
  slow.socket.pause();
  let left = false;
  for (const came of [2, 3]) expect((await writer.next("news")).came).toEqual([idBytesOf(came)]);
  const gone = writer.next("news").then((news) => (left = true, news.gone));
  const blob = new Uint8Array(60_000);
  // The kernel's own buffers take a few megabytes first.
  for (let sent = 0; sent < 2_000 && !left; sent++) {
    writer.tell({ kind: "send", to: idBytesOf(2), blob });
    if (sent % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(await gone).toEqual([idBytesOf(2)]);
  expect((await mate.next("news")).gone).toEqual([idBytesOf(2)]);
  writer.tell({ kind: "send", to: idBytesOf(3), blob: Uint8Array.of(7) });
  expect((await mate.next("from")).blob).toEqual(Uint8Array.of(7));
  slow.socket.terminate();
});

test("an upgrade at another path is turned away", async () => {
  server = await host();
  const socket = connect(server.port, "127.0.0.1");
  socket.write("GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1\.1 404 /);
  socket.destroy();
});

test("limits that are no positive numbers are a programmer's error", () => {
  expect(withLimits(SIGNAL_LIMITS, { rooms: 5 })).toEqual({ ...SIGNAL_LIMITS, rooms: 5 });
  for (const rooms of [0, -1, Number.NaN]) expect(() => withLimits(SIGNAL_LIMITS, { rooms })).toThrow(RangeError);
});
