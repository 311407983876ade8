import { SignalError, refusalOf, REFUSALS } from "./refusal.ts";

/** As much of a WebSocket as is used here: the platform's and that of `ws` both have it. */
export interface SocketLike {
  binaryType: string;
  readonly readyState: number;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number }) => void): void;
}

export type SocketConstructor = new (url: string) => SocketLike;

export interface LineEvents {
  onOpen(): void;
  onBytes(bytes: Uint8Array): void;
  /** Once, and not after `close()`. */
  onClose(problem: SignalError): void;
}

/** One connection, never re-used: after `close()` or `onClose` nothing comes from it any more. */
export interface Line {
  /** False where the socket takes nothing any more. */
  send(bytes: Uint8Array<ArrayBuffer>): boolean;
  close(): void;
}

const OPEN = 1;

export function dial(url: string, Socket: SocketConstructor | undefined, events: LineEvents): Line {
  let over = false;
  const end = (problem: SignalError): void => {
    if (over) return;
    over = true;
    events.onClose(problem);
  };
  let socket: SocketLike;
  try {
    // The platform's type knows stricter listeners than are needed here.
    socket = new (Socket ?? (globalThis.WebSocket as unknown as SocketConstructor))(url);
  } catch (cause) {
    // Not at once: the caller does not hold the line yet.
    queueMicrotask(() => end(new SignalError("address", `The server's address cannot be used here: ${String(cause)}`)));
    return { send: () => false, close: () => void (over = true) };
  }
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => {
    if (!over) events.onOpen();
  });
  socket.addEventListener("message", ({ data }) => {
    if (over) return;
    if (data instanceof ArrayBuffer) return events.onBytes(new Uint8Array(data));
    hangUp();
    end(new SignalError("malformed", "The server sent text where bytes are spoken. Check the room's server address."));
  });
  socket.addEventListener("close", ({ code }) => {
    const refusal = refusalOf(code);
    end(refusal ? new SignalError(refusal, REFUSALS[refusal].message) : new SignalError("unreachable", "The server cannot be reached. It is tried again by itself."));
  });
  // What went wrong is told by `close`, which always follows; without a listener `ws` would throw.
  socket.addEventListener("error", () => {});
  const hangUp = (): void => socket.close();
  return {
    send(bytes) {
      if (over || socket.readyState !== OPEN) return false;
      socket.send(bytes);
      return true;
    },
    close() {
      over = true;
      hangUp();
    },
  };
}
