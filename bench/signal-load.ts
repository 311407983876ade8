import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL, fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { createSignalClient, type SignalClient } from "../src/signal/client.ts";
import { createSignalServer } from "../src/signal/server.ts";

export interface SignalLoad {
  sockets: number;
  /** From the first dial until every device sees its whole room. */
  connectedMs: number;
  /** Growth of the server's resident memory, a joined socket, after a garbage collection. */
  bytesPerSocket: number;
  relayedPerSecond: number;
  /** Blobs that did not arrive, or arrived altered. */
  lost: number;
}

/** Dials under way at once: a listen backlog holds 511. */
const WAVE = 100;
const WARM_UP_SOCKETS = 64;
/** Far from the measured rooms. */
const WARM_UP_ROOM = 1_000_000;
const BLOBS_A_PAIR = 3;
/** About an offer with its candidates. */
const BLOB_BYTES = 2_048;
const DEADLINE_MS = 180_000;

/**
 * Devices on loopback, in rooms of `roomSize`, by the real client against the real server in a process of its own.
 * Each sends `blobs` to each of its room-mates.
 */
export async function signalLoad(sockets = 2000, roomSize = 8, blobs = BLOBS_A_PAIR): Promise<SignalLoad> {
  const end = performance.now() + DEADLINE_MS;
  const server = await startServer();
  const clients: SignalClient[] = [];
  try {
    // The first sockets pay for the code that they make the engine compile.
    const warm = await connect(server.url, Math.min(WARM_UP_SOCKETS, sockets), roomSize, end, WARM_UP_ROOM * roomSize);
    for (const { client } of warm) client.close();
    await server.sockets(0, end);
    const before = await server.memory();

    const dialled = performance.now();
    const devices = await connect(server.url, sockets, roomSize, end, 0);
    const connectedMs = performance.now() - dialled;
    clients.push(...devices.map(({ client }) => client));
    const after = await server.memory();

    const expected = devices.reduce((sum, { client }) => sum + client.peers.length * blobs, 0);
    const sent = performance.now();
    for (let turn = 0; turn < blobs; turn++) {
      for (const { client } of devices) for (const peer of client.peers) client.send(peer, blobOf(client.self, peer, turn));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const arrived = (): number => devices.reduce((sum, { got }) => sum + got.size, 0);
    await until(() => arrived() >= expected, Math.min(end, performance.now() + 60_000));
    const seconds = (performance.now() - sent) / 1000;
    return {
      sockets,
      connectedMs: Math.round(connectedMs),
      bytesPerSocket: Math.round((after - before) / sockets),
      relayedPerSecond: Math.round(arrived() / seconds),
      lost: expected - arrived(),
    };
  } finally {
    for (const client of clients) client.close();
    server.stop();
  }
}

interface LoadDevice {
  client: SignalClient;
  /** Sender and turn of each blob that arrived whole. */
  got: Set<string>;
}

async function connect(url: string, sockets: number, roomSize: number, end: number, offset: number): Promise<LoadDevice[]> {
  const devices: LoadDevice[] = [];
  for (let first = 0; first < sockets; first += WAVE) {
    const wave = Array.from({ length: Math.min(WAVE, sockets - first) }, (_, i) => open(url, first + i + offset, Math.floor((first + i + offset) / roomSize)));
    devices.push(...wave);
    await until(() => wave.every(({ client }) => client.state === "open"), end);
  }
  const last = sockets % roomSize || roomSize;
  const mates = (index: number): number => (index >= sockets - last ? last : roomSize) - 1;
  const complete = (): boolean => devices.every(({ client }, index) => client.peers.length === mates(index));
  await until(complete, end);
  if (!complete()) throw new Error(`not all of ${sockets} devices saw their rooms in time`);
  return devices;
}

function open(url: string, device: number, room: number): LoadDevice {
  const got = new Set<string>();
  const topic = new Uint8Array(32);
  new DataView(topic.buffer).setUint32(0, room);
  const claim = new Uint8Array(48);
  new DataView(claim.buffer).setUint32(0, device);
  const client: SignalClient = createSignalClient({
    url, topic, claim, WebSocket,
    events: {
      onState: () => {},
      onPeers: () => {},
      onBlob: (from, blob) => {
        const turn = blob[0] ?? 0;
        if (Buffer.from(blob).equals(blobOf(from, client.self, turn))) got.add(`${from} ${turn}`);
      },
      onProblem: (problem) => console.error(`signal-load: ${problem.code}: ${problem.message}`),
    },
  });
  return { client, got };
}

function blobOf(from: string, to: string, turn: number): Uint8Array {
  const blob = new Uint8Array(BLOB_BYTES).fill(turn);
  blob.set(new TextEncoder().encode(`${from} ${to}`), 1);
  return blob;
}

async function until(condition: () => boolean, end: number): Promise<void> {
  while (!condition() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
}

type Report = { port: number } | { rss: number; sockets: number };

async function startServer(): Promise<{ url: string; memory(): Promise<number>; sockets(count: number, end: number): Promise<void>; stop(): void }> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ["--serve"], { execArgv: ["--import", "tsx", "--expose-gc"] });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the server's process ended with ${String(code)}`);
  });
  // Looked at by whoever waits for an answer; the end that `stop` brings concerns nobody.
  ended.catch(() => undefined);
  const hear = async (): Promise<Report> => ((await Promise.race([once(child, "message"), ended])) as [Report])[0];
  const ask = async (): Promise<Report & { rss: number }> => {
    const answer = hear();
    child.send("report");
    return (await answer) as Report & { rss: number };
  };
  const first = await hear();
  if (!("port" in first)) throw new Error("the server named no port");
  return {
    url: `ws://127.0.0.1:${first.port}/signal`,
    memory: async () => (await ask()).rss,
    async sockets(count, end) {
      for (;;) {
        const report = await ask();
        if (("sockets" in report && report.sockets === count) || performance.now() > end) return;
      }
    },
    stop: () => void child.kill(),
  };
}

async function serve(): Promise<void> {
  const http = createServer();
  const signal = createSignalServer({ server: http });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  process.on("message", () => {
    globalThis.gc?.();
    process.send?.({ rss: process.memoryUsage.rss(), sockets: signal.health().sockets });
  });
  // Without a parent there is nobody left to stop this process.
  process.on("disconnect", () => process.exit(0));
  process.send?.({ port: (http.address() as AddressInfo).port });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes("--serve")) await serve();
  else {
    const load = await signalLoad();
    console.table({ "signal-load": load });
    console.log(JSON.stringify(load));
    process.exitCode = load.lost === 0 ? 0 : 1;
  }
}
