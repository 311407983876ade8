import { once } from "node:events";
import * as fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { PeerId } from "../wire/ids.ts";
import { createSignalClient, type SignalClient, type SignalState } from "./client.ts";
import type { SignalClientLimits } from "./limits.ts";
import { blobBytes, peerIdOfClaim, SIGNAL_VERSION, toClientCodec, toServerCodec, type ToClient } from "./protocol.ts";
import { REFUSALS, SignalError, type RefusalCode } from "./refusal.ts";
import { claimOf, host, idBytesOf, raw, topicOf, until, type Host } from "./signal.fixture.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});
const serve = async (...options: Parameters<typeof host>): Promise<Host> => {
  const server = await host(...options);
  endings.push(() => server.close());
  return server;
};

interface Seen {
  client: SignalClient;
  states: SignalState[];
  peers: PeerId[][];
  blobs: { from: PeerId; blob: Uint8Array }[];
  problems: SignalError[];
}

const quick: Partial<SignalClientLimits> = { retryFirstMs: 20, retryMaxMs: 100 };

function open(url: string, claim: number, limits: Partial<SignalClientLimits> = quick): Seen {
  const seen: Omit<Seen, "client"> = { states: [], peers: [], blobs: [], problems: [] };
  const client = createSignalClient({
    url,
    topic: topicOf(1),
    claim: claimOf(claim),
    WebSocket,
    limits,
    events: {
      onState: (state) => seen.states.push(state),
      onPeers: (peers) => seen.peers.push(peers),
      onBlob: (from, blob) => seen.blobs.push({ from, blob }),
      onProblem: (error) => seen.problems.push(error),
    },
  });
  endings.push(() => client.close());
  return { client, ...seen };
}

/** A server that says what the test wants. */
async function liar(answer: (socket: WebSocket, connection: number) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  let connections = 0;
  server.on("connection", (socket) => socket.on("error", () => socket.terminate()).once("message", () => answer(socket, ++connections)));
  await once(server, "listening");
  endings.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}/signal`;
}
const say = (socket: WebSocket, message: ToClient): void => socket.send(toClientCodec().encode(message));
const room = (claim: number, ...peers: number[]): ToClient => ({ kind: "room", you: idBytesOf(claim), peers: peers.map(idBytesOf) });

test("clients of a room learn of each other and pass blobs", async () => {
  const { url } = await serve();
  const a = open(url, 1);
  await until(() => a.client.state === "open");
  const b = open(url, 2);
  await until(() => a.client.peers.length === 1 && b.client.peers.length === 1);
  expect(a.client.self).toBe(peerIdOfClaim(claimOf(1)));
  expect(a.client.peers).toEqual([b.client.self]);
  const blob = new Uint8Array(blobBytes(65_536)).fill(3);
  expect(a.client.send(b.client.self, blob)).toBe(true);
  await until(() => b.blobs.length === 1);
  expect(b.blobs).toEqual([{ from: a.client.self, blob }]);
  // Transferring a blob may not take other messages with it.
  expect(b.blobs[0]?.blob.buffer.byteLength).toBe(blob.length);
  b.client.close();
  await until(() => a.client.peers.length === 0);
  expect(a.peers).toEqual([[], [b.client.self], []]);
  expect(a.states).toEqual(["open"]);
  expect(() => a.client.send(b.client.self, new Uint8Array(65_536))).toThrow(RangeError);
});

test("a server restarted on its port is found again, with the same ids", async () => {
  const first = await serve();
  const [a, b] = [open(first.url, 1), open(first.url, 2)];
  await until(() => a.client.peers.length === 1 && b.client.peers.length === 1);
  const self = a.client.self;
  await first.close();
  await until(() => a.client.state !== "open" && b.client.state !== "open");
  expect(a.client.send(b.client.self, new Uint8Array(1))).toBe(false);
  expect(a.problems[0]?.code).toBe("draining");
  await until(() => a.problems.some(({ code }) => code === "unreachable"));
  const second = await serve({}, first.port);
  await until(() => a.client.state === "open" && b.client.state === "open");
  await until(() => a.client.peers.length === 1 && b.client.peers.length === 1);
  expect(a.client.self).toBe(self);
  expect(b.client.peers).toEqual([self]);
  expect(second.signal.health()).toMatchObject({ rooms: 1, sockets: 2 });
  b.client.send(self, Uint8Array.of(4));
  await until(() => a.blobs.length === 1);
});

test("a lost connection comes back without the room-mates noticing more than gone and came", async () => {
  const server = await serve({ messageBytes: 1_024 });
  const mate = await raw(server.url);
  await mate.join(1, 1);
  const a = open(server.url, 2);
  expect((await mate.next("news")).came).toHaveLength(1);
  // Larger than this server relays: one typed refusal, and a new connection.
  a.client.send(peerIdOfClaim(claimOf(1)), new Uint8Array(1_500));
  expect((await mate.next("news")).gone).toHaveLength(1);
  expect((await mate.next("news")).came).toHaveLength(1);
  await until(() => a.client.state === "open");
  expect(a.problems.map(({ code }) => code)).toEqual(["size"]);
  expect(a.states).toEqual(["open", "down", "connecting", "open"]);
});

test("a server of another version makes the client outdated, for good", async () => {
  for (const answer of [
    (socket: WebSocket) => say(socket, { kind: "refused", code: "version", message: "update" }),
    (socket: WebSocket) => socket.send(Uint8Array.of(SIGNAL_VERSION + 1, 0xa0, 0x01)),
    (socket: WebSocket) => socket.close(REFUSALS.version.close),
  ]) {
    let dials = 0;
    const url = await liar((socket) => (dials++, answer(socket)));
    const a = open(url, 1, { retryFirstMs: 1, retryMaxMs: 1 });
    await until(() => a.client.state === "outdated");
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect({ dials, states: a.states, problems: a.problems.map(({ code }) => code) }).toEqual({ dials: 1, states: ["outdated"], problems: ["version"] });
  }
});

const good = toClientCodec().encode(room(1, 2));
const hostile = fc.oneof(
  fc.integer({ min: 0, max: good.length - 1 }).map((length) => good.slice(0, length)),
  fc.uint8Array({ minLength: 1, maxLength: 20 }).map((tail) => Uint8Array.from([...good, ...tail])),
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((body) => Uint8Array.from([SIGNAL_VERSION, ...body])),
  fc.constantFrom<ToClient[]>(
    room(7),
    room(1, 1),
    room(1, 2, 2),
    { kind: "news", came: [idBytesOf(3)], gone: [] },
    { kind: "here" },
    { kind: "from", peer: idBytesOf(2), blob: new Uint8Array(1) },
    { kind: "room", you: new Uint8Array(15), peers: [] },
    { kind: "refused", code: "made-up" as RefusalCode, message: "" },
  ).map((message) => toClientCodec().encode(message)),
);

test("bytes that are no message drop the connection with one typed error, and the next one works", async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async (bytes) => {
      const url = await liar((socket, connection) => (connection === 1 ? (socket.send(bytes), socket.send(bytes)) : say(socket, room(1, 2))));
      const a = open(url, 1, { retryFirstMs: 1, retryMaxMs: 1 });
      await until(() => a.client.state === "open");
      expect(a.problems.map(({ code }) => code)).toEqual(["malformed"]);
      expect(a.problems[0]).toBeInstanceOf(SignalError);
      expect(a.states).toEqual(["down", "connecting", "open"]);
      expect(a.blobs).toEqual([]);
      for (const end of endings.splice(0).reverse()) await end();
    }),
    { numRuns: 60 },
  );
});

test.each<[string, (socket: WebSocket) => void, SignalError["code"]]>([
  ["text", (socket) => socket.send("hello"), "malformed"],
  ["a list twice", (socket) => (say(socket, room(1)), say(socket, room(1))), "malformed"],
  ["a stranger's blob", (socket) => (say(socket, room(1)), say(socket, { kind: "from", peer: idBytesOf(5), blob: new Uint8Array(1) })), "malformed"],
  ["one who is here already", (socket) => (say(socket, room(1, 2)), say(socket, { kind: "news", came: [idBytesOf(2)], gone: [] })), "malformed"],
  ["one gone who was not here", (socket) => (say(socket, room(1)), say(socket, { kind: "news", came: [], gone: [idBytesOf(2)] })), "malformed"],
  ["too many bytes", (socket) => (say(socket, room(1)), socket.send(new Uint8Array(70_000).fill(1))), "size"],
  ["a close without a word", (socket) => socket.terminate(), "unreachable"],
  ...Object.keys(REFUSALS).filter((code) => code !== "version").map((code): [string, (socket: WebSocket) => void, RefusalCode] => [
    `the close code of ${code}`,
    (socket) => socket.close(REFUSALS[code as RefusalCode].close),
    code as RefusalCode,
  ]),
])("%s from the server ends in one typed error and a new connection", async (_, answer, code) => {
  const url = await liar((socket, connection) => (connection === 1 ? answer(socket) : say(socket, room(1, 2))));
  const a = open(url, 1, { retryFirstMs: 1, retryMaxMs: 1 });
  await until(() => a.client.state === "open" && a.client.peers.length === 1);
  expect(a.problems.map((problem) => problem.code)).toEqual([code]);
});

test("a server that never answers, or falls silent, is given up and tried again", async () => {
  const mute = await liar((socket, connection) => {
    if (connection > 1) say(socket, room(1));
  });
  const a = open(mute, 1, { ...quick, connectMs: 50, askMs: 20, silentMs: 60 });
  await until(() => a.problems.length >= 2 && a.states.includes("open"));
  expect(new Set(a.problems.map(({ code }) => code))).toEqual(new Set(["silent"]));
});

test("a quiet room stays open: the client asks and the server answers", async () => {
  const { url } = await serve();
  const a = open(url, 1, { ...quick, askMs: 20, silentMs: 1_000 });
  await new Promise((resolve) => setTimeout(resolve, 1_700));
  expect(a.states).toEqual(["open"]);
});

test("a client in haste is paced, not refused", async () => {
  const { url } = await serve({});
  const [a, b] = [open(url, 1), open(url, 2)];
  await until(() => a.client.peers.length === 1 && b.client.peers.length === 1);
  for (let i = 0; i < 520; i++) expect(a.client.send(b.client.self, Uint8Array.of(i & 255))).toBe(true);
  await until(() => b.blobs.length === 520);
  expect(b.blobs.map(({ blob }) => blob[0])).toEqual(Array.from({ length: 520 }, (_, i) => i & 255));
  expect(a.problems).toEqual([]);
});

test("more than the queue holds is refused at the sender", async () => {
  const { url } = await serve({});
  const [a, b] = [open(url, 1, { ...quick, queuedMessages: 5 }), open(url, 2)];
  await until(() => a.client.peers.length === 1 && b.client.peers.length === 1);
  const taken = Array.from({ length: 600 }, () => a.client.send(b.client.self, new Uint8Array(1))).filter(Boolean);
  expect(taken.length).toBeGreaterThanOrEqual(400);
  expect(taken.length).toBeLessThan(600);
});

test("waits between tries grow, are jittered, and have an end", async () => {
  const waits: number[] = [];
  let dials = 0;
  class Dead {
    binaryType = "";
    readyState = 3;
    constructor() {
      dials++;
    }
    send(): void {
      throw new Error("never open");
    }
    close(): void {
      this.readyState = 3;
    }
    addEventListener(type: string, listener: (event: never) => void): void {
      if (type === "close") queueMicrotask(() => listener({ code: 1006 } as never));
    }
  }
  const draws = [0, 0.5, 0.999];
  const original = globalThis.setTimeout;
  // Waits are looked at, not waited for.
  globalThis.setTimeout = ((run: () => void, ms: number) => {
    if (ms === 10_000) return original(() => {}, 0);
    waits.push(ms);
    return original(run, 0);
  }) as typeof setTimeout;
  try {
    const client = createSignalClient({
      url: "ws://127.0.0.1:1/signal", topic: topicOf(1), claim: claimOf(1), WebSocket: Dead, random: () => draws[waits.length % 3] ?? 0,
      limits: { retryFirstMs: 500, retryMaxMs: 4_000 },
      events: { onState: () => {}, onPeers: () => {}, onBlob: () => {} },
    });
    while (dials < 8) await new Promise((resolve) => setImmediate(resolve));
    client.close();
  } finally {
    globalThis.setTimeout = original;
  }
  expect(waits.slice(0, 6)).toEqual([250, 750, 1_999, 2_000, 3_000, 3_998]);
});

test("after close nothing is heard any more, whatever the connection was doing", async () => {
  const server = await serve();
  const a = open(server.url, 1);
  a.client.close();
  const b = open(server.url, 2);
  await until(() => b.client.state === "open");
  const mate = await raw(server.url);
  b.client.close();
  expect(b.client.send(a.client.self, new Uint8Array(1))).toBe(false);
  await mate.join(1, 3);
  await until(() => server.signal.health().sockets === 1);
  expect([a.states, b.states, b.peers]).toEqual([[], ["open"], [[]]]);
});

test.each(["http://example.org/signal", "nonsense", ""])("%j is no signalling address", (url) => {
  expect(() => open(url, 1)).toThrow(SignalError);
});

test("whoever knows a device's certificate, but not the secret of its lock, cannot take its id", async () => {
  const { url } = await serve();
  const client = await raw(url);
  client.tellBytes(toServerCodec().encode({ kind: "join", topic: topicOf(1), claim: Uint8Array.from(claimOf(1), (byte, at) => (at < 32 ? byte : 0)) }));
  expect((await client.next("room")).you).not.toEqual(idBytesOf(1));
});
