import { once } from "node:events";
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createServer as createPlainServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Plugin } from "vite";
import type { SignalLimits } from "../src/signal/limits.ts";
import { createSignalServer, type SignalHealth } from "../src/signal/server.ts";
import { setSecurityHeaders } from "./headers.ts";
import { createDoor } from "./https/door.ts";
import { trustListener } from "./https/trust.ts";
import { serveStatic } from "./serve-static.ts";

export interface AppServerOptions {
  /** Folder of the built app. */
  dist: string;
  /** 0 takes a free one. */
  port: number;
  /** Address to listen at; every one of the machine's when absent. */
  host?: string;
  /** PEM texts, as from `localCertificates`: HTTPS on this port, and on plain HTTP the steps to trust `ca`. */
  https?: { ca: string; cert: string; key: string };
  limits?: Partial<SignalLimits>;
  log?: (line: string) => void;
}

export interface AppServer {
  port: number;
  /** By the name localhost. */
  url: string;
  health(): SignalHealth;
  /** Drains the signalling server, finishes answers under way, and resolves in bounded time with the port free. */
  close(): Promise<void>;
}

/** Says what a person can do about it. */
export class ServeError extends Error {
  override readonly name = "ServeError";
  constructor(
    readonly code: "port-in-use" | "port-forbidden",
    message: string,
  ) {
    super(message);
  }
}

/** Answers under way may take this long when the server closes. */
const FINISH_MS = 1_000;
const HANDSHAKE_MS = 10_000;

/** The app, its signalling at /signal and its health at /health, all from one port. */
export async function createAppServer(options: AppServerOptions): Promise<AppServer> {
  const { dist, https, log = () => {} } = options;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    setSecurityHeaders(request, response);
    if ((request.url ?? "").split("?", 1)[0] === "/health") return tellHealth(response, signal.health());
    serveStatic(dist, request, response).catch((error: NodeJS.ErrnoException) => {
      // The reader went away: nobody is left to tell.
      if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") log(`could not answer: ${error.code ?? error.name}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { "Content-Type": "text/plain" }).end("The server could not read this file.\n");
    });
  };
  const app = https ? createSecureServer({ cert: https.cert, key: https.key, minVersion: "TLSv1.2", handshakeTimeout: HANDSHAKE_MS }, answer) : createServer(answer);
  const signal = createSignalServer({
    server: app as HttpServer,
    ...(options.limits && { limits: options.limits }),
    ...(options.log && { log: options.log }),
  });
  const plain = https && createServer(trustListener(https.ca));
  const door: Server = plain ? createDoor(app as ReturnType<typeof createSecureServer>, plain) : app;
  const sockets = new Set<Socket>();
  door.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  const port = await listen(door, options.port, options.host);
  const close = async (): Promise<void> => {
    const free = new Promise<void>((resolve) => door.close(() => resolve()));
    await signal.drain();
    for (const server of [app, plain]) server?.closeIdleConnections();
    const end = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, FINISH_MS);
    await free;
    clearTimeout(end);
  };
  let closed: Promise<void> | null = null;
  return { port, url: `${https ? "https" : "http"}://localhost:${port}/`, health: signal.health, close: () => (closed ??= close()) };
}

function tellHealth(response: ServerResponse, health: SignalHealth): void {
  const body = `${JSON.stringify({ ok: !health.draining, ...health })}\n`;
  response.writeHead(health.draining ? 503 : 200, { "Content-Type": "application/json", "Cache-Control": "no-store", "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

async function listen(server: Server, port: number, host: string | undefined): Promise<number> {
  server.listen({ port, ...(host !== undefined && { host }) });
  try {
    await once(server, "listening");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw new ServeError("port-in-use", `Port ${port} is in use. Stop the program that has it, or choose another port: PORT=${port + 1} npm start`);
    if (code === "EACCES") throw new ServeError("port-forbidden", `This user may not open port ${port}. Choose one above 1023: PORT=8080 npm start`);
    throw error;
  }
  return (server.address() as AddressInfo).port;
}

/** @throws ServeError if the port cannot be had now. */
export async function checkPort(port: number, host?: string): Promise<void> {
  const probe = createPlainServer();
  await listen(probe, port, host);
  await new Promise((resolve) => probe.close(resolve));
}

/** The signalling server beside Vite's dev and preview servers, which then need no second port either. */
export function signalPlugin(): Plugin {
  const attach = (server: unknown): void => {
    // Vite's own sockets (hot reload) are at other paths and are left alone; HTTP/2 takes no WebSocket upgrade.
    if (server) createSignalServer({ server: server as HttpServer });
  };
  return {
    name: "hromada-signal",
    configureServer: ({ httpServer }) => attach(httpServer),
    configurePreviewServer: ({ httpServer }) => attach(httpServer),
  };
}
