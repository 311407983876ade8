import type { Server as HttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import type { Server as TlsServer } from "node:tls";

/** A TLS connection begins with a handshake record, content type 22 (RFC 8446, 5.1); no HTTP method does. */
const TLS_HANDSHAKE = 0x16;
const FIRST_BYTE_MS = 10_000;

/** One port for both: a connection's first byte tells whom it is for. */
export function createDoor(secure: TlsServer, plain: HttpServer): Server {
  return createServer({ noDelay: true }, (socket: Socket) => {
    const fail = (): void => void socket.destroy();
    socket.setTimeout(FIRST_BYTE_MS, fail);
    socket.once("error", fail);
    socket.once("data", (bytes) => {
      socket.setTimeout(0);
      socket.off("timeout", fail);
      socket.off("error", fail);
      // The server takes over a socket at rest, with its first bytes put back.
      socket.pause();
      socket.unshift(bytes);
      (bytes[0] === TLS_HANDSHAKE ? secure : plain).emit("connection", socket);
      process.nextTick(() => socket.resume());
    });
  });
}
