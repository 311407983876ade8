import { peerIdOf, type PeerId } from "../../wire/ids.ts";
import { createRandom, type Random } from "../../wire/random.ts";

export interface NetworkOptions<M> {
  seed: number;
  /** One way, milliseconds: drawn evenly between the two for each message. */
  latency: readonly [number, number];
  /** Of all messages, 0 to 1. */
  loss: number;
  deliver(to: number, from: number, message: M): void;
  wake(node: number): void;
}

/** A virtual network of numbered nodes on a virtual clock of whole milliseconds; the same seed, the same run. */
export interface VirtualNetwork<M> {
  readonly now: number;
  readonly random: Random;
  /** Messages sent, and lost ones among them. */
  readonly sent: number;
  loss: number;
  send(from: number, to: number, message: M): void;
  /** The next time that this node wants to be woken; an earlier wish is forgotten. */
  wakeAt(node: number, at: number): void;
  after(ms: number, run: () => void): void;
  /** A dead node gets and sends nothing. */
  alive(node: number): boolean;
  setAlive(node: number, alive: boolean): void;
  /** Added to the latency of all that comes to this node and goes from it. */
  slow(node: number, ms: number): void;
  /** Nodes in different parts do not hear each other; null: one network. */
  partition(part: ((node: number) => number) | null): void;
  run(ms: number): void;
}

const names: PeerId[] = [];
const numbers = new Map<PeerId, number>();

export function idOf(node: number): PeerId {
  const known = names[node];
  if (known) return known;
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, Math.imul(node + 1, 0x9e3779b1));
  new DataView(bytes.buffer).setUint32(12, node);
  const id = peerIdOf(bytes);
  names[node] = id;
  numbers.set(id, node);
  return id;
}

/** -1 for a name that nobody has. */
export const nodeOf = (id: PeerId): number => numbers.get(id) ?? -1;

interface Delivery<M> {
  to: number;
  from: number;
  message: M;
}

/** One bucket a millisecond, in a ring: no heap, whose order ten thousand nodes would pay for. */
const RING = 16_384;

export function createVirtualNetwork<M>({ seed, latency, loss, deliver, wake }: NetworkOptions<M>): VirtualNetwork<M> {
  const random = createRandom(["membership", seed]);
  const ring: (number | Delivery<M> | (() => void))[][] = Array.from({ length: RING }, () => []);
  const wakes: number[] = [];
  const gone = new Set<number>();
  const delays = new Map<number, number>();
  let part: ((node: number) => number) | null = null;
  let now = 0;
  let sent = 0;

  function put(at: number, entry: number | Delivery<M> | (() => void)): void {
    if (at - now >= RING) throw new RangeError(`nothing is planned for ${at - now} ms ahead`);
    ring[Math.max(now + 1, at) % RING]!.push(entry);
  }

  const network: VirtualNetwork<M> = {
    get now() {
      return now;
    },
    random,
    get sent() {
      return sent;
    },
    loss,
    send(from, to, message) {
      sent++;
      if (random.uniform() < network.loss || (part && part(from) !== part(to))) return;
      const slow = delays.size === 0 ? 0 : (delays.get(from) ?? 0) + (delays.get(to) ?? 0);
      put(now + latency[0] + random.below(latency[1] - latency[0] + 1) + slow, { to, from, message });
    },
    wakeAt(node, at) {
      const wanted = Math.max(now + 1, Math.ceil(at));
      if (wakes[node] === wanted) return;
      wakes[node] = wanted;
      put(wanted, node);
    },
    after: (ms, run) => put(now + Math.round(ms), run),
    alive: (node) => !gone.has(node),
    setAlive: (node, alive) => void (alive ? gone.delete(node) : gone.add(node)),
    slow: (node, ms) => void (ms > 0 ? delays.set(node, ms) : delays.delete(node)),
    partition: (by) => void (part = by),
    run(ms) {
      for (const end = now + ms; now < end; ) {
        now++;
        const bucket = ring[now % RING]!;
        for (const entry of bucket) {
          if (typeof entry === "function") entry();
          else if (typeof entry === "number") {
            if (wakes[entry] !== now || gone.has(entry)) continue;
            wakes[entry] = -1;
            wake(entry);
          } else if (!gone.has(entry.to)) deliver(entry.to, entry.from, entry.message);
        }
        bucket.length = 0;
      }
    },
  };
  return network;
}
