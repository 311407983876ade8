import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { WebSocket } from "ws";
import { peerIdBytes } from "../wire/ids.ts";
import type { SignalLimits } from "./limits.ts";
import { peerIdOfClaim, toClientCodec, toServerCodec, type ToClient, type ToServer } from "./protocol.ts";
import { createSignalServer, type SignalServer } from "./server.ts";

export interface Host {
  http: Server;
  signal: SignalServer;
  url: string;
  port: number;
  close(): Promise<void>;
}

export async function host(limits: Partial<SignalLimits> = {}, port = 0): Promise<Host> {
  const http = createServer((_, response) => void response.end("page"));
  const signal = createSignalServer({ server: http, limits });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  const at = (http.address() as AddressInfo).port;
  return {
    http,
    signal,
    port: at,
    url: `ws://127.0.0.1:${at}/signal`,
    async close() {
      await signal.drain();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** A socket that speaks the protocol by hand, so that it can also speak it badly. */
export interface Raw {
  socket: WebSocket;
  got: ToClient[];
  tell(message: ToServer): void;
  tellBytes(bytes: Uint8Array): void;
  join(topic: number, claim: number): Promise<ToClient & { kind: "room" }>;
  /** The next message of that kind, those that came before included. */
  next<K extends ToClient["kind"]>(kind: K): Promise<ToClient & { kind: K }>;
  closed: Promise<number>;
}

export const topicOf = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);
export const claimOf = (seed: number): Uint8Array => new Uint8Array(48).fill(seed);

export async function raw(url: string): Promise<Raw> {
  const socket = new WebSocket(url);
  const got: ToClient[] = [];
  const wake: (() => void)[] = [];
  const stir = (): void => {
    for (const run of wake.splice(0)) run();
  };
  const closed = new Promise<number>((resolve) => socket.on("close", (code) => (resolve(code), stir())));
  socket.on("message", (data: Buffer) => {
    got.push(toClientCodec().decode(data));
    stir();
  });
  await once(socket, "open");
  let taken = 0;
  const next = async <K extends ToClient["kind"]>(kind: K): Promise<ToClient & { kind: K }> => {
    for (;;) {
      while (taken < got.length) {
        const message = got[taken++];
        if (message?.kind === kind) return message as ToClient & { kind: K };
      }
      if (socket.readyState === WebSocket.CLOSED) throw new Error(`closed without ${kind}; got ${got.map((message) => JSON.stringify(message)).join()}`);
      await new Promise<void>((resolve) => wake.push(resolve));
    }
  };
  const tell = (message: ToServer): void => socket.send(toServerCodec(1 << 20).encode(message));
  return {
    socket,
    got,
    tell,
    tellBytes: (bytes) => socket.send(bytes),
    next,
    closed,
    join: (topic, claim) => {
      tell({ kind: "join", topic: topicOf(topic), claim: claimOf(claim) });
      return next("room");
    },
  };
}

/** Resolves when the condition holds; the test's own deadline bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export const idBytesOf = (claim: number): Uint8Array => peerIdBytes(peerIdOfClaim(claimOf(claim)));
