import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SIGNAL_VERSION, toServerCodec } from "./protocol.ts";
import { REFUSALS } from "./refusal.ts";
import { claimOf, host, idBytesOf, raw, topicOf, type Host } from "./signal.fixture.ts";

let server: Host;
beforeAll(async () => {
  server = await host();
});
afterAll(() => server.close());


test("room-mates see each other come and go, and blobs pass between them only", async () => {
  const [a, b, stranger] = [await raw(server.url), await raw(server.url), await raw(server.url)];
  expect(await a.join(1, 1)).toMatchObject({ you: idBytesOf(1), peers: [] });
  await stranger.join(2, 3);
  expect(await b.join(1, 2)).toMatchObject({ you: idBytesOf(2), peers: [idBytesOf(1)] });
  expect((await a.next("news")).came).toEqual([idBytesOf(2)]);
  stranger.tell({ kind: "send", to: idBytesOf(1), blob: Uint8Array.of(66) });
  stranger.tell({ kind: "there" });
  await stranger.next("here");
  b.tell({ kind: "send", to: idBytesOf(1), blob: Uint8Array.of(1, 2, 3) });
  expect(await a.next("from")).toEqual({ kind: "from", peer: idBytesOf(2), blob: Uint8Array.of(1, 2, 3) });
  b.socket.close();
  expect((await a.next("news")).gone).toEqual([idBytesOf(2)]);
  expect(a.got.map(({ kind }) => kind)).toEqual(["room", "news", "from", "news"]);
  for (const each of [a, stranger]) each.socket.close();
});

test("the same claim takes its id back, the older socket is told, and the others see nothing", async () => {
  const [mate, older, newer] = [await raw(server.url), await raw(server.url), await raw(server.url)];
  await mate.join(3, 1);
  await older.join(3, 2);
  await mate.next("news");
  expect(await newer.join(3, 2)).toMatchObject({ you: idBytesOf(2), peers: [idBytesOf(1)] });
  expect((await older.next("refused")).code).toBe("replaced");
  expect(await older.closed).toBe(REFUSALS.replaced.close);
  mate.tell({ kind: "send", to: idBytesOf(2), blob: Uint8Array.of(9) });
  expect((await newer.next("from")).blob).toEqual(Uint8Array.of(9));
  newer.tell({ kind: "send", to: idBytesOf(1), blob: Uint8Array.of(8) });
  await mate.next("from");
  expect(mate.got.map(({ kind }) => kind)).toEqual(["room", "news", "from"]);
  for (const each of [mate, newer]) each.socket.close();
});

const valid = toServerCodec().encode({ kind: "join", topic: topicOf(4), claim: claimOf(9) });
const hostile = fc.oneof(
  // Truncated.
  fc.integer({ min: 0, max: valid.length - 1 }).map((length) => valid.slice(0, length)),
  // Trailing bytes.
  fc.uint8Array({ minLength: 1, maxLength: 20 }).map((tail) => Uint8Array.from([...valid, ...tail])),
  // Anything at all after the right version byte.
  fc.uint8Array({ maxLength: 200 }).map((body) => Uint8Array.from([SIGNAL_VERSION, ...body])),
  // Fields of a wrong length, an unknown kind, a second field.
  fc.tuple(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0, max: 64 })).filter(([t, c]) => t !== 32 || c !== 48)
    .map(([topic, claim]) => toServerCodec().encode({ kind: "join", topic: new Uint8Array(topic), claim: new Uint8Array(claim) })),
  fc.constant(toServerCodec().encode({ kind: "send", to: claimOf(1), blob: new Uint8Array(3) })),
  fc.string().map((kind) => toServerCodec().encode({ kind: `x${kind}` } as never)),
  fc.constant(toServerCodec().encode({ kind: "there", more: 1 } as never)),
);

test("bytes that are no message cost their sender its socket, once, and nobody else anything", async () => {
  const [a, b] = [await raw(server.url), await raw(server.url)];
  await a.join(4, 1);
  await b.join(4, 2);
  await fc.assert(
    fc.asyncProperty(hostile, async (bytes) => {
      const bad = await raw(server.url);
      bad.tellBytes(bytes);
      bad.tellBytes(bytes);
      expect((await bad.next("refused")).code).toBe("malformed");
      expect(await bad.closed).toBe(REFUSALS.malformed.close);
      expect(bad.got).toHaveLength(1);
    }),
    { numRuns: 150 },
  );
  a.tell({ kind: "send", to: idBytesOf(2), blob: Uint8Array.of(5) });
  expect((await b.next("from")).blob).toEqual(Uint8Array.of(5));
  expect(b.got.map(({ kind }) => kind)).toEqual(["room", "from"]);
  for (const each of [a, b]) each.socket.close();
});

test("every other version byte is told to update", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 255 }).filter((byte) => byte !== SIGNAL_VERSION), fc.uint8Array({ minLength: 1, maxLength: 50 }), async (version, body) => {
      const other = await raw(server.url);
      other.tellBytes(Uint8Array.from([version, ...body]));
      expect((await other.next("refused")).code).toBe("version");
      expect(await other.closed).toBe(REFUSALS.version.close);
    }),
    { numRuns: 30 },
  );
});

test("text, and a second join, are malformed", async () => {
  const [text, twice] = [await raw(server.url), await raw(server.url)];
  text.socket.send("hello");
  expect((await text.next("refused")).code).toBe("malformed");
  await twice.join(5, 1);
  twice.tell({ kind: "join", topic: topicOf(6), claim: claimOf(1) });
  expect((await twice.next("refused")).code).toBe("malformed");
});

test("a blob for somebody who has just left is dropped, not an error", async () => {
  const only = await raw(server.url);
  await only.join(7, 1);
  only.tell({ kind: "send", to: idBytesOf(99), blob: new Uint8Array(3) });
  only.tell({ kind: "send", to: idBytesOf(1), blob: new Uint8Array(3) });
  only.tell({ kind: "there" });
  await only.next("here");
  expect(only.got.map(({ kind }) => kind)).toEqual(["room", "here"]);
  only.socket.close();
});

test("a drain tells every client, takes no new ones, and ends although one never says goodbye", async () => {
  const draining = await host({ drainMs: 200 });
  const [polite, mute] = [await raw(draining.url), await raw(draining.url)];
  await polite.join(1, 1);
  await mute.join(1, 2);
  mute.socket.pause();
  const drained = draining.signal.drain();
  expect(draining.signal.health()).toMatchObject({ draining: true, rooms: 0 });
  expect((await polite.next("refused")).code).toBe("draining");
  expect(await polite.closed).toBe(1012);
  await expect(raw(draining.url)).rejects.toThrow("503");
  await drained;
  mute.socket.resume();
  await mute.closed;
  expect(draining.signal.health().sockets).toBe(0);
  await draining.close();
});

test("nothing that identifies anybody is logged", async () => {
  const lines: string[] = [];
  const { createSignalServer } = await import("./server.ts");
  const { createServer } = await import("node:http");
  const http = createServer();
  const signal = createSignalServer({ server: http, log: (line) => lines.push(line) });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const client = await raw(`ws://127.0.0.1:${(http.address() as { port: number }).port}/signal`);
  await client.join(0xab, 0xcd);
  client.tellBytes(new Uint8Array(3));
  await client.closed;
  await signal.drain();
  http.close();
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join("\n")).not.toMatch(/127\.0\.0\.1|::1|abab|cdcd|[0-9a-f]{16}/);
});
