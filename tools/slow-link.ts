import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A request as it went up the link. */
export interface LinkRequest {
  /** With its query. */
  path: string;
  /** Bytes, both ways, that the link had carried by then. */
  after: number;
}

/**
 * A slow link to a server on this machine, as a proxy: the DevTools protocol slows a page's own requests and refuses to
 * slow those of its workers, and of WebSockets.
 */
export interface SlowLink {
  url: string;
  /** So far, in order. */
  requests: readonly LinkRequest[];
  /** Carried so far, both ways. */
  bytes(): number;
  close(): Promise<void>;
}

export interface LinkSpeed {
  /** Each way; absent: as fast as it goes. */
  bitsPerSecond?: number;
  /** Milliseconds one way. */
  delay?: number;
}

/** Bytes that a connection sends before another has its turn. */
const TURN = 4_096;

export async function openSlowLink(port: number, { bitsPerSecond = Infinity, delay = 0 }: LinkSpeed = {}): Promise<SlowLink> {
  const requests: LinkRequest[] = [];
  const sockets = new Set<Socket>();
  let carried = 0;

  /** One direction of the link, which all connections share in turns. */
  function direction(onBytes: (chunk: Buffer) => void) {
    let freeAt = 0;
    return async (from: Socket, to: Socket): Promise<void> => {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        onBytes(chunk);
        for (let at = 0; at < chunk.length; at += TURN) {
          const piece = chunk.subarray(at, at + TURN);
          freeAt = Math.max(freeAt, performance.now()) + (8_000 * piece.length) / bitsPerSecond;
          const wait = freeAt - performance.now();
          if (wait > 0) await pause(wait);
          carried += piece.length;
          if (delay > 0) setTimeout(() => to.writable && to.write(piece), delay);
          else if (!to.write(piece)) await once(to, "drain");
        }
      }
      setTimeout(() => to.end(), delay);
    };
  }
  const up = direction((chunk) => {
    // A browser begins a request when it has the answer to the last one of that connection.
    const path = /^(?:GET|POST|HEAD) (\S+) HTTP\/1\.1\r\n/.exec(chunk.toString("latin1", 0, 2_048))?.[1];
    if (path !== undefined) requests.push({ path, after: carried });
  });
  const down = direction(() => undefined);

  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay(true));
      socket.on("close", () => sockets.delete(socket));
    }
    // Whoever goes away takes the other end along.
    const end = (): void => void (near.destroy(), far.destroy());
    up(near, far).catch(end);
    down(far, near).catch(end);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    requests,
    bytes: () => carried,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
