import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { openLossyRelay, type LossyOptions, type LossyRelay } from "./lossy-relay.ts";

const WAIT = { timeout: 20_000, interval: 1 };
/** Datagrams at once, which the kernel keeps while nobody reads. */
const BATCH = 50;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function udp(port = 0): Promise<Socket> {
  const socket = createSocket("udp4").bind(port, "127.0.0.1");
  await once(socket, "listening");
  open.push(socket);
  return socket;
}

/** A server that sends everything back. */
async function echo() {
  const socket = await udp();
  const got: number[] = [];
  const sources = new Set<number>();
  socket.on("message", (datagram, { port }) => {
    got.push(datagram.readUInt32BE());
    sources.add(port);
    socket.send(datagram, port, "127.0.0.1");
  });
  return { port: socket.address().port, got, sources };
}

async function relayTo(port: number, options: LossyOptions): Promise<LossyRelay> {
  const relay = await openLossyRelay(port, options);
  open.push(relay);
  return relay;
}

async function client() {
  const socket = await udp();
  const got: number[] = [];
  socket.on("message", (datagram) => got.push(datagram.readUInt32BE()));
  function send(number: number, port: number): void {
    const datagram = Buffer.alloc(4);
    datagram.writeUInt32BE(number);
    socket.send(datagram, port, "127.0.0.1");
  }
  return { got, send };
}

const passed = ({ came, lost, twice }: LossyRelay["up"]): number => came - lost + twice;

/** `count` numbered datagrams to a server that sends them back, one batch after the other. */
async function exchange(options: LossyOptions, count: number) {
  const server = await echo();
  const relay = await relayTo(server.port, options);
  const { got, send } = await client();
  for (let number = 0; number < count; ) {
    for (const end = Math.min(number + BATCH, count); number < end; number++) send(number, relay.port);
    await vi.waitUntil(() => relay.up.came === number && server.got.length === passed(relay.up), WAIT);
    await vi.waitUntil(() => relay.down.came === server.got.length && got.length === passed(relay.down), WAIT);
  }
  return { there: server.got, back: got, relay };
}

test("about the share asked for is lost each way, the same datagrams with the same seed, and all of those and more with a bigger share", async () => {
  const count = 2_000;
  const first = await exchange({ seed: 1, lost: 0.05 }, count);
  for (const { came, lost, bytes } of [first.relay.up, first.relay.down]) {
    expect(lost / came).toBeGreaterThan(0.03);
    expect(lost / came).toBeLessThan(0.07);
    expect(bytes).toBe(4 * came);
  }
  expect(first.there).toHaveLength(count - first.relay.up.lost);
  expect(first.back).toHaveLength(count - first.relay.up.lost - first.relay.down.lost);

  const again = await exchange({ seed: 1, lost: 0.05 }, count);
  expect([again.there, again.back]).toEqual([first.there, first.back]);
  expect((await exchange({ seed: 2, lost: 0.05 }, count)).there).not.toEqual(first.there);

  const worse = await exchange({ seed: 1, lost: 0.2 }, count);
  expect(worse.there.length).toBeLessThan(first.there.length);
  expect(first.there).toEqual(expect.arrayContaining(worse.there));
});

test("late datagrams are overtaken, doubled ones come twice, and none is lost where no loss is asked for", async () => {
  const count = 500;
  const { there, back, relay } = await exchange({ seed: 3, late: 0.1, twice: 0.1 }, count);
  expect(relay.up.late).toBeGreaterThan(0);
  expect(relay.up.twice).toBeGreaterThan(0);
  expect(new Set(there).size).toBe(count);
  expect(there).toHaveLength(count + relay.up.twice);
  expect(there).not.toEqual([...there].sort((a, b) => a - b));
  expect(new Set(back).size).toBe(count);
});

test("each client has its own answers", async () => {
  const server = await echo();
  const relay = await relayTo(server.port, { seed: 4 });
  const clients = await Promise.all([client(), client(), client()]);
  clients.forEach(({ send }, index) => send(index, relay.port));
  await vi.waitUntil(() => clients.every(({ got }) => got.length > 0), WAIT);
  expect(clients.map(({ got }) => got)).toEqual([[0], [1], [2]]);
  expect(server.sources.size).toBe(3);
  expect(relay.clients()).toBe(3);
});

test("clients and held datagrams are bounded", async () => {
  const server = await echo();
  const relay = await relayTo(server.port, { seed: 5, delay: 60_000 });
  const { send } = await client();
  for (let number = 0; number < 4_100; ) {
    for (const end = number + BATCH; number < end; number++) send(number, relay.port);
    await vi.waitUntil(() => relay.up.came === number, WAIT);
  }
  expect(relay.up.lost).toBe(4);
  const crowd = await Promise.all(Array.from({ length: 260 }, client));
  for (const [index, each] of crowd.entries()) {
    each.send(index, relay.port);
    await vi.waitUntil(() => relay.clients() === Math.min(index + 2, 256), WAIT);
  }
  expect(relay.clients()).toBe(256);
});

test("once it is closed it passes nothing on, neither new nor held, and its port is free", async () => {
  const server = await echo();
  const relay = await openLossyRelay(server.port, { seed: 6, delay: 50 });
  const { got, send } = await client();
  send(1, relay.port);
  await vi.waitUntil(() => relay.up.came === 1, WAIT);
  await relay.close();
  send(2, relay.port);
  const { port } = (await udp(relay.port)).address();
  expect(port).toBe(relay.port);
  await new Promise((resolve) => setTimeout(resolve, 100));
  send(3, server.port);
  await vi.waitUntil(() => got.length > 0, WAIT);
  expect([server.got, got]).toEqual([[3], [3]]);
});
