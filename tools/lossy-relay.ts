import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createRandom } from "../src/wire/random.ts";

/** Datagrams of one direction so far. */
export interface LossyCounts {
  came: number;
  /** Of those that came, headers of UDP and IP not included. */
  bytes: number;
  lost: number;
  late: number;
  twice: number;
}

/**
 * A lossy network in front of a UDP server on this machine: of a TURN server, since WebRTC takes what ports it likes and
 * relayed links have only this one way. A datagram from one client to another comes through twice, up and down.
 */
export interface LossyRelay {
  port: number;
  /** Towards the server. */
  up: Readonly<LossyCounts>;
  down: Readonly<LossyCounts>;
  /** Addresses that sent anything. */
  clients(): number;
  close(): Promise<void>;
}

/** Each share is of all datagrams of a direction, 0 to 1. */
export interface LossyOptions {
  /** Of a client's n-th datagram in a direction it alone decides what becomes of it; a bigger share takes those of a smaller and more. */
  seed: number;
  lost?: number;
  /** Held for 20 ms, so that later ones overtake them. */
  late?: number;
  twice?: number;
  /** Milliseconds one way. */
  delay?: number;
}

const HOST = "127.0.0.1";
/** Milliseconds. */
const LATE = 20;
/** What the kernel keeps while this process is busy; it caps it. */
const BUFFER_BYTES = 4 * 1024 * 1024;
/** Nobody's datagrams beyond these are taken. */
const CLIENTS = 256;
/** Datagrams held at once, as a router's queue ends somewhere; beyond it they are lost. */
const HELD = 4_096;

export async function openLossyRelay(server: number, { seed, lost = 0, late = 0, twice = 0, delay = 0 }: LossyOptions): Promise<LossyRelay> {
  const clients = new Map<string, (datagram: Buffer) => void>();
  const sockets = new Set<Socket>();
  const held = new Set<NodeJS.Timeout>();
  const count = (): LossyCounts => ({ came: 0, bytes: 0, lost: 0, late: 0, twice: 0 });
  const [up, down] = [count(), count()];

  function openSocket(): Socket {
    const socket = createSocket({ type: "udp4", recvBufferSize: BUFFER_BYTES });
    sockets.add(socket);
    return socket;
  }

  /** One client's datagrams in one direction. */
  function direction(counts: LossyCounts, stream: string, pass: (datagram: Buffer) => void): (datagram: Buffer) => void {
    const random = createRandom([seed, stream]);
    return (datagram) => {
      counts.came++;
      counts.bytes += datagram.length;
      const [isLost, isLate, isTwice] = [random.uniform() < lost, random.uniform() < late, random.uniform() < twice];
      if (isLost || held.size >= HELD) return void counts.lost++;
      if (isLate) counts.late++;
      if (isTwice) counts.twice++;
      const go = (): void => {
        pass(datagram);
        if (isTwice) pass(datagram);
      };
      const wait = delay + (isLate ? LATE : 0);
      if (wait === 0) return go();
      const timer = setTimeout(() => {
        held.delete(timer);
        go();
      }, wait);
      held.add(timer);
    };
  }

  const near = openSocket();
  function client(address: string, port: number): (datagram: Buffer) => void {
    const far = openSocket();
    const number = clients.size;
    const back = direction(down, `down ${number}`, (datagram) => near.send(datagram, port, address));
    far.on("message", (datagram, from) => {
      if (from.port === server) back(datagram);
    });
    return direction(up, `up ${number}`, (datagram) => far.send(datagram, server, HOST));
  }
  near.on("message", (datagram, { address, port }) => {
    const key = `${address} ${port}`;
    let send = clients.get(key);
    if (!send) {
      if (clients.size >= CLIENTS) return;
      clients.set(key, (send = client(address, port)));
    }
    send(datagram);
  });

  near.bind(0, HOST);
  await once(near, "listening");
  return {
    port: near.address().port,
    up,
    down,
    clients: () => clients.size,
    async close() {
      for (const timer of held) clearTimeout(timer);
      held.clear();
      await Promise.all([...sockets].map((socket) => {
        const closed = once(socket, "close");
        socket.close();
        return closed;
      }));
    },
  };
}
