import type { Clock } from "./clock.ts";
import { MeshError } from "./errors.ts";
import { cancelFrame, FRAME_HEADER_BYTES, split, type Splitter } from "./frame.ts";
import { MESH_LIMITS } from "./limits.ts";
import { type Address, addressOf } from "./packet.ts";

/** Whose bytes they are: this device's own, another's passed on or a repeat, or the mesh's. */
export type Traffic = "own" | "relayed" | "overhead";

export interface SendOptions {
  traffic: Traffic;
  signal?: AbortSignal | undefined;
  /** What the layer above calls the message, told again with its bytes. */
  label?: string | undefined;
}

/** One frame that a channel was given. */
export interface Sent extends Address, Pick<SendOptions, "traffic" | "label"> {
  bytes: number;
  /** The first of its message. */
  first: boolean;
}

export interface OutboxDeps {
  clock: Clock;
  /** Hands one frame to the page; resolves when the channel takes more. */
  transmit(frame: Uint8Array<ArrayBuffer>): Promise<void>;
  onSent(sent: Sent): void;
  /** The channel refused a frame. */
  onFailed(cause: unknown): void;
  frameBytes?: number;
}

export interface Outbox {
  /** Resolves when the channel has taken the last frame. @throws MeshError `closed`, `aborted` or `full` */
  push(parts: readonly Uint8Array[], options: SendOptions): Promise<void>;
  /** Puts one last small message on its way past all that waits. */
  last(message: Uint8Array): void;
  /** Milliseconds for which the channel has taken nothing of what it was given; 0 when nothing is out. */
  stalled(): number;
  readonly urgentWaiting: boolean;
  /** A big message is on its way. */
  readonly bulkWaiting: boolean;
  close(): void;
}

interface Job {
  parts: readonly Uint8Array[];
  size: number;
  about: Omit<Sent, "bytes" | "first">;
  /** Made when its first frame goes, so that ids go up by one in the order of beginning. */
  splitter: Splitter | null;
  id: number;
  done(error?: MeshError): void;
}

/**
 * What waits to go out on one link. Big messages go one after the other; small ones go between their
 * frames, so that a heartbeat waits for a few frames at most and never for twenty megabytes.
 */
export function createOutbox(deps: OutboxDeps): Outbox {
  const urgent: Job[] = [];
  const bulk: Job[] = [];
  const unfinished = new Set<Job>();
  let urgentBytes = 0;
  let nextId = 0;
  let inFlight = 0;
  let progress = 0;
  let closed = false;

  function transmit(frame: Uint8Array<ArrayBuffer>, about: Job["about"], first: boolean, taken: () => void): void {
    if (inFlight === 0) progress = deps.clock.now();
    inFlight++;
    // The length is read first: a transferred buffer is empty.
    deps.onSent({ ...about, bytes: frame.length, first });
    deps.transmit(frame).then(
      () => {
        inFlight--;
        progress = deps.clock.now();
        taken();
        pump();
      },
      (cause: unknown) => {
        if (!closed) deps.onFailed(cause);
      },
    );
  }

  function pump(): void {
    while (!closed && inFlight < MESH_LIMITS.framesInFlight) {
      const queue = urgent.length > 0 ? urgent : bulk;
      const job = queue[0];
      if (!job) return;
      if (!job.splitter) {
        job.id = nextId++ >>> 0;
        job.splitter = split(job.id, job.parts, deps.frameBytes);
      }
      const first = job.splitter.offset === 0;
      const frame = job.splitter.next();
      if (!job.splitter.done) {
        transmit(frame, job.about, first, () => undefined);
        continue;
      }
      queue.shift();
      if (queue === urgent) urgentBytes -= job.size;
      transmit(frame, job.about, first, () => job.done());
    }
  }

  function withdraw(job: Job): void {
    const queue = urgent.includes(job) ? urgent : bulk;
    const at = queue.indexOf(job);
    if (at === -1) return; // All its frames are out already.
    queue.splice(at, 1);
    if (queue === urgent) urgentBytes -= job.size;
    if (job.splitter && job.splitter.offset > 0) transmit(cancelFrame(job.id), job.about, false, () => undefined);
  }

  return {
    push(parts, { traffic, signal, label }) {
      const size = parts.reduce((sum, part) => sum + part.length, 0);
      if (size > MESH_LIMITS.messageBytes) return Promise.reject(new MeshError("oversized", `a message of ${size} bytes; send at most ${MESH_LIMITS.messageBytes} at once`));
      if (closed) return Promise.reject(new MeshError("closed", "the link is closed"));
      if (signal?.aborted) return Promise.reject(new MeshError("aborted", "given up before it was sent"));
      const small = size <= MESH_LIMITS.urgentBytes;
      if (small && urgentBytes + size > MESH_LIMITS.urgentQueueBytes) return Promise.reject(new MeshError("full", "too many small messages wait on this link; send less often"));
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          withdraw(job);
          job.done(new MeshError("aborted", "given up before it was sent"));
        };
        const job: Job = {
          parts,
          size,
          about: { ...addressOf(parts[0]!), traffic, label },
          splitter: null,
          id: -1,
          done(error) {
            if (!unfinished.delete(job)) return;
            signal?.removeEventListener("abort", abort);
            if (error) reject(error);
            else resolve();
          },
        };
        signal?.addEventListener("abort", abort, { once: true });
        unfinished.add(job);
        (small ? urgent : bulk).push(job);
        if (small) urgentBytes += size;
        pump();
      });
    },
    last(message) {
      if (closed || message.length > MESH_LIMITS.frameBytes - FRAME_HEADER_BYTES) return;
      transmit(split(nextId++ >>> 0, [message]).next(), { ...addressOf(message), traffic: "overhead", label: undefined }, true, () => undefined);
    },
    stalled: () => (inFlight === 0 ? 0 : deps.clock.now() - progress),
    get urgentWaiting() {
      return urgent.length > 0;
    },
    get bulkWaiting() {
      return bulk.length > 0;
    },
    close() {
      closed = true;
      urgent.length = 0;
      bulk.length = 0;
      for (const job of [...unfinished]) job.done(new MeshError("closed", "the link closed while this was on its way"));
    },
  };
}
