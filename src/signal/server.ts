import { STATUS_CODES, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { WireError } from "../wire/codec.ts";
import { peerIdOf } from "../wire/ids.ts";
import { createBucket } from "./bucket.ts";
import { SIGNAL_LIMITS, withLimits, type SignalLimits } from "./limits.ts";
import { SIGNAL_PATH, toClientCodec, toServerCodec, type ToClient, type ToServer } from "./protocol.ts";
import { REFUSALS, type RefusalCode } from "./refusal.ts";
import { createRooms, type Member } from "./rooms.ts";

export interface SignalHealth {
  rooms: number;
  /** Open sockets, joined or not. */
  sockets: number;
  uptimeSeconds: number;
  draining: boolean;
}

export interface SignalServer {
  /** For a host that deals out upgrades itself; `server` in the options does it by itself. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  health(): SignalHealth;
  /** Tells every client, takes no new ones, and resolves within `drainMs` with all sockets closed. */
  drain(): Promise<void>;
}

export interface SignalServerOptions {
  /** Upgrades of this server at /signal are taken; at other paths they are left to its other listeners. */
  server?: Server;
  limits?: Partial<SignalLimits>;
  /** Gets what happened and how often, never an address, a topic or a message. */
  log?: (line: string) => void;
}

interface Connection extends Member {
  readonly socket: WebSocket;
  heard: number;
  pinged: number;
  readonly deadline: number;
  /** When it has to be gone; null while it is welcome. */
  leaving: number | null;
}

/**
 * Relays opaque blobs between the devices of a room. Rooms live in memory as long as somebody is in them;
 * nothing is written anywhere.
 */
export function createSignalServer(options: SignalServerOptions = {}): SignalServer {
  const limits = withLimits(SIGNAL_LIMITS, options.limits);
  const log = options.log ?? (() => {});
  const incoming = toServerCodec(limits.messageBytes);
  const outgoing = toClientCodec(limits.messageBytes);
  const rooms = createRooms<Connection>(limits, (members, { came, gone }) => {
    const news = outgoing.encode({ kind: "news", came, gone });
    for (const member of members) write(member, news);
  });
  const connections = new Set<Connection>();
  const started = performance.now();
  let drained: Promise<void> | null = null;
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Compression costs some 300 KB a socket, and sealed blobs do not compress.
    perMessageDeflate: false,
    maxPayload: 2 * limits.messageBytes,
  });

  const write = (connection: Connection, bytes: Uint8Array): void => {
    const { socket } = connection;
    if (connection.leaving !== null || socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount + bytes.length > limits.bufferedBytes) {
      // A close frame would wait behind all that it does not read.
      forget(connection);
      socket.terminate();
      log("cut off a slow reader");
      return;
    }
    socket.send(bytes);
  };
  const tell = (connection: Connection, message: ToClient): void => write(connection, outgoing.encode(message));

  const refuse = (connection: Connection, code: RefusalCode): void => {
    if (connection.leaving !== null) return;
    const { close, message } = REFUSALS[code];
    tell(connection, { kind: "refused", code, message });
    forget(connection);
    connection.leaving = performance.now() + limits.closeMs;
    connection.socket.close(close, code);
    log(`refused: ${code}`);
  };

  /** Out of its room; the others hear of it once. */
  const forget = (connection: Connection): void => rooms.leave(connection);

  const join = (connection: Connection, message: ToServer & { kind: "join" }): void => {
    const outcome = rooms.join(connection, message.topic, message.claim);
    if (typeof outcome === "string") return refuse(connection, outcome);
    if (outcome.replaced) refuse(outcome.replaced, "replaced");
    tell(connection, { kind: "room", you: outcome.you.bytes, peers: outcome.others.map(({ bytes }) => bytes) });
    rooms.welcome(connection);
  };

  const receive = (connection: Connection, data: Uint8Array): void => {
    const message = incoming.decode(data);
    if (message.kind === "there") return tell(connection, { kind: "here" });
    if (message.kind === "join") {
      if (connection.peer) throw new WireError("malformed", "a socket joins once");
      return join(connection, message);
    }
    if (!connection.peer) throw new WireError("malformed", "a socket joins first");
    // Whoever has just left is not an error of the one who writes to it.
    const other = rooms.find(connection, peerIdOf(message.to));
    if (other) tell(other, { kind: "from", peer: connection.peer.bytes, blob: message.blob });
  };

  const accept = (socket: WebSocket): void => {
    const now = performance.now();
    const connection: Connection = { socket, room: null, peer: null, heard: now, pinged: now, deadline: now + limits.joinMs, leaving: null };
    const bucket = createBucket(limits.messagesPerSecond, limits.messageBurst, now);
    connections.add(connection);
    socket.on("message", (data: Buffer, isBinary) => {
      if (connection.leaving !== null) return;
      connection.heard = performance.now();
      if (!bucket.take(connection.heard)) return refuse(connection, "rate");
      if (!isBinary) return refuse(connection, "malformed");
      try {
        receive(connection, data);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        refuse(connection, error.code === "oversized" ? "size" : error.code);
      }
    });
    socket.on("pong", () => (connection.heard = performance.now()));
    // `ws` has answered with the fitting close code already (1002, 1007, 1009).
    socket.on("error", () => {
      forget(connection);
      connection.leaving ??= performance.now() + limits.closeMs;
    });
    socket.on("close", () => {
      forget(connection);
      connections.delete(connection);
    });
    if (connections.size > limits.sockets) refuse(connection, "sockets");
  };

  const sweep = (): void => {
    const now = performance.now();
    for (const connection of connections) {
      const { socket } = connection;
      if (connection.leaving !== null) {
        if (now >= connection.leaving) socket.terminate();
      } else if (connection.peer === null && now >= connection.deadline) refuse(connection, "deadline");
      else if (now - connection.heard >= limits.idleMs) refuse(connection, "idle");
      else if (now - Math.max(connection.heard, connection.pinged) >= limits.pingMs) {
        connection.pinged = now;
        socket.ping();
      }
    }
  };
  const sweeper = setInterval(sweep, limits.sweepMs);
  sweeper.unref();

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (pathOf(request) !== SIGNAL_PATH) return turnAway(socket, 404);
    if (drained) return turnAway(socket, 503);
    // Room for the one more that is told why; a flood beyond it is not even greeted.
    if (connections.size >= limits.sockets + OVERFLOW) return turnAway(socket, 503);
    webSockets.handleUpgrade(request, socket, head, accept);
  };
  const listener = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const others = options.server!.listenerCount("upgrade") > 1;
    if (pathOf(request) === SIGNAL_PATH || !others) upgrade(request, socket, head);
  };
  options.server?.on("upgrade", listener);

  const drain = async (): Promise<void> => {
    log(`draining ${connections.size} sockets`);
    for (const connection of [...connections]) refuse(connection, "draining");
    const end = performance.now() + limits.drainMs;
    while (connections.size > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    for (const { socket } of connections) socket.terminate();
    connections.clear();
    clearInterval(sweeper);
    options.server?.off("upgrade", listener);
    log("drained");
  };

  return {
    upgrade,
    health: () => ({
      rooms: rooms.size,
      sockets: connections.size,
      uptimeSeconds: Math.floor((performance.now() - started) / 1000),
      draining: drained !== null,
    }),
    drain: () => (drained ??= drain()),
  };
}

/** Sockets beyond the limit that are still told the reason. */
const OVERFLOW = 64;
const DRAIN_LOOK_MS = 20;

const pathOf = (request: IncomingMessage): string => (request.url ?? "").split("?", 1)[0]!;

function turnAway(socket: Duplex, status: 404 | 503): void {
  socket.once("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
