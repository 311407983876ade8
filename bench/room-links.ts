import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import type { RtcEvents, RtcHost } from "../src/mesh/rtc.ts";
import { certificateIn, describe } from "../src/mesh/testing/network.ts";

/** Of a frame: its length, kind included. */
const LENGTH_BYTES = 4;
const KIND = { name: 0, data: 1, alive: 2 } as const;
/** As ICE checks its pairs, in milliseconds. */
const ALIVE_EVERY = 500;

interface End {
  events: RtcEvents;
  /** Stands for one, and says where it listens. */
  certificate: string;
  socket: Socket | null;
  /** What came, whatever it was. */
  heard: number;
}

/** TCP in place of data channels, for devices in several processes: ordered, with a buffer that fills. */
export interface LinkHub {
  host(): RtcHost;
}

function frame(kind: number, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(LENGTH_BYTES + 1 + bytes.length);
  new DataView(out.buffer).setUint32(0, 1 + bytes.length);
  out[LENGTH_BYTES] = kind;
  out.set(bytes, LENGTH_BYTES + 1);
  return out;
}

type Take = (kind: number, bytes: Uint8Array<ArrayBuffer>) => void;

/** @param first takes frames until it gives whoever takes the rest of them */
function onFrames(socket: Socket, first: (...frame: Parameters<Take>) => Take | null): void {
  let rest = Buffer.alloc(0);
  let take: Take | null = null;
  socket.on("data", (chunk) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    while (rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + rest.readUInt32BE(0);
      if (rest.length < end) break;
      const bytes = new Uint8Array(rest.subarray(LENGTH_BYTES + 1, end));
      const kind = rest[LENGTH_BYTES]!;
      rest = rest.subarray(end);
      if (take) take(kind, bytes);
      else take = first(kind, bytes);
    }
  });
}

export async function createLinkHub(): Promise<LinkHub> {
  /** By the name that an answer gave. */
  const waiting = new Map<string, (socket: Socket) => Take>();
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    onFrames(socket, (_, name) => {
      const carried = waiting.get(Buffer.from(name).toString())?.(socket);
      if (!carried) socket.destroy();
      return carried ?? null;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  let made = 0;

  function host(): RtcHost {
    const ends = new Map<string, End>();
    const alive = setInterval(() => {
      for (const { socket } of ends.values()) socket?.write(frame(KIND.alive, new Uint8Array(0)));
    }, ALIVE_EVERY);
    alive.unref();

    function carry(link: string, end: End, socket: Socket): Take {
      end.socket = socket;
      socket.on("close", () => shut(link, "the other side closed"));
      end.events.connected();
      return (kind, bytes) => {
        end.heard++;
        if (kind === KIND.data) end.events.data(bytes);
      };
    }

    function shut(link: string, reason: string): void {
      const end = ends.get(link);
      if (!end) return;
      ends.delete(link);
      waiting.delete(end.certificate);
      end.socket?.end();
      end.events.closed(reason);
    }

    const say = (type: "offer" | "answer", end: End): void => void setTimeout(() => end.events.signal(JSON.stringify({ type, sdp: describe(end) })), 1);

    return {
      async open(link, { initiator }, events) {
        const end: End = { events, certificate: `${port}:${made++}`, socket: null, heard: 0 };
        ends.set(link, end);
        if (initiator) say("offer", end);
        else waiting.set(end.certificate, (socket) => carry(link, end, socket));
      },
      async signal(link, data) {
        const end = ends.get(link);
        if (!end) return;
        const { type, sdp } = JSON.parse(data) as { type: string; sdp: string };
        if (type === "offer") return say("answer", end);
        if (type !== "answer") return;
        const other = certificateIn(sdp);
        const socket = connect(Number(other.split(":")[0]), "127.0.0.1", () => {
          socket.setNoDelay(true);
          socket.write(frame(KIND.name, Buffer.from(other)));
          const take = carry(link, end, socket);
          onFrames(socket, (...first) => (take(...first), take));
        });
        socket.on("error", () => {
          socket.destroy();
          shut(link, "no connection");
        });
      },
      send(link, bytes) {
        const socket = ends.get(link)?.socket;
        if (!socket || socket.destroyed) return Promise.reject(new Error("not connected"));
        if (socket.write(frame(KIND.data, bytes))) return Promise.resolve();
        return new Promise((resolve, reject) => {
          const done = (): void => {
            socket.off("drain", taken);
            socket.off("close", gone);
          };
          const taken = (): void => (done(), resolve());
          const gone = (): void => (done(), reject(new Error("closed")));
          socket.on("drain", taken);
          socket.on("close", gone);
        });
      },
      async heard(link) {
        const end = ends.get(link);
        if (!end) throw new Error("not connected");
        return end.heard;
      },
      async waiting() {
        return [...ends.values()].flatMap(({ socket }) => (socket ? [socket.writableLength] : []));
      },
      async close(link) {
        shut(link, "closed here");
      },
    };
  }

  return { host };
}
