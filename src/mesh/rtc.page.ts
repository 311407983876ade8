import { releaseProxy, transfer, type ProxyMethods } from "comlink";
import type SimplePeer from "simple-peer/simplepeer.min.js";
import { MESH_LIMITS } from "./limits.ts";
import type { RtcEvents, RtcHost, RtcOptions } from "./rtc.ts";

interface Channel {
  peer: InstanceType<typeof SimplePeer>;
  /** Rejects what is still being sent. */
  waiting: Set<(error: Error) => void>;
  finish(reason: string): void;
}

/**
 * The page's half of the mesh: `RTCPeerConnection` by simple-peer, and nothing else. `events` may be a
 * Comlink proxy: its calls keep their order, and none is waited for before the next one.
 */
export function createRtcHost(): RtcHost {
  const channels = new Map<string, Channel>();
  /** Comes with the first link; whatever is said of a link meanwhile waits its turn behind the opening. */
  let loading: Promise<typeof SimplePeer> | undefined;

  function load(): Promise<typeof SimplePeer> {
    loading ??= import("simple-peer/simplepeer.min.js").then((module) => module.default);
    loading.catch(() => (loading = undefined)); // the next link asks again
    return loading;
  }

  return {
    async open(link, options, events) {
      if (channels.has(link)) throw new Error(`link ${link} is open already`);
      if (channels.size >= MESH_LIMITS.pageLinks) throw new Error(`more than ${MESH_LIMITS.pageLinks} connections`);
      const Peer = await load();
      if (channels.has(link)) throw new Error(`link ${link} is open already`);
      channels.set(link, connect(Peer, options, events, () => channels.delete(link)));
    },
    async signal(link, data) {
      await loading;
      // A candidate may come after its connection has ended; it is of no use then.
      channels.get(link)?.peer.signal(data);
    },
    send(link, bytes) {
      const channel = channels.get(link);
      if (!channel) return Promise.reject(new Error("the connection is closed"));
      return new Promise((resolve, reject) => {
        channel.waiting.add(reject);
        // simple-peer holds the callback back until `bufferedamountlow`; on a close it never comes.
        channel.peer.write(bytes, (error) => {
          channel.waiting.delete(reject);
          if (error) reject(error);
          else resolve();
        });
      });
    },
    heard(link) {
      const channel = channels.get(link);
      return channel ? heardBy(channel.peer) : Promise.reject(new Error("the connection is closed"));
    },
    async waiting() {
      return [...channels.values()].flatMap(({ peer }) => (peer.connected ? [peer.bufferSize] : []));
    },
    async close(link) {
      await loading;
      channels.get(link)?.finish("closed here");
    },
  };
}

const namesTurn = ({ urls }: RTCIceServer): boolean => [urls].flat().some((url) => url.startsWith("turn"));

/** Its types leave this out. The reports are the browser's own, as a list. */
interface WithStats {
  getStats(done: (error: Error | null, reports: readonly RTCStats[]) => void): void;
}

/** Of all candidate pairs; a browser that does not count something leaves it out. */
function heardBy(peer: Channel["peer"]): Promise<number> {
  return new Promise((resolve, reject) => {
    (peer as Channel["peer"] & WithStats).getStats((error, reports) => {
      if (error) return reject(error);
      const pairs = reports.filter((report): report is RTCIceCandidatePairStats => report.type === "candidate-pair");
      resolve(pairs.reduce((sum, { bytesReceived = 0, requestsReceived = 0, responsesReceived = 0 }) => sum + bytesReceived + requestsReceived + responsesReceived, 0));
    });
  });
}

function connect(Peer: typeof SimplePeer, options: RtcOptions, events: RtcEvents, forget: () => void): Channel {
  const { signal, connected, data, gathered, closed } = events;
  const peer = new Peer({
    initiator: options.initiator,
    trickle: true,
    objectMode: true, // keeps the bounds of messages, and their bytes uncopied
    // Known to both ends beforehand. One that is announced can be "connecting" again in Chromium after it was "open", and what is sent then fails.
    channelConfig: { negotiated: true, id: 0 },
    config: { iceServers: options.iceServers, iceTransportPolicy: options.relayOnly ? "relay" : "all" },
  });
  const waiting = new Set<(error: Error) => void>();
  let open = false;
  let ended = false;
  let backlog = 0;
  /** What was said of the TURN servers. */
  let relay: boolean | null = null;
  // One that does not answer is asked for longer than a link is tried.
  const patience = options.iceServers.some(namesTurn) ? setTimeout(gatheredNone, MESH_LIMITS.relayPatience) : undefined;
  let reason = "the other side closed the connection";

  /** An event across the threads; one that cannot be delivered ends the connection. */
  function tell(call: () => unknown, then = (): void => undefined): void {
    Promise.resolve(call()).then(then, (error: unknown) => finish(`the worker does not answer: ${String(error)}`));
  }

  function finish(why: string): void {
    if (ended) return;
    ended = true;
    clearTimeout(patience);
    forget();
    for (const reject of waiting) reject(new Error("the connection closed"));
    waiting.clear();
    // The last frame, a goodbye, gets a moment to leave.
    setTimeout(() => peer.destroy(), open ? MESH_LIMITS.pageFlush : 0);
    tell(
      () => closed(why),
      () => (events as Partial<ProxyMethods>)[releaseProxy]?.(),
    );
  }

  function opened(): void {
    if (open || ended) return;
    open = true;
    tell(connected);
  }

  function gatheredNone(): void {
    if (patience === undefined || ended || relay !== null) return;
    relay = false;
    tell(() => gathered(false));
  }

  function gatheredOne(): void {
    if (patience === undefined || relay === true) return;
    relay = true;
    tell(() => gathered(true));
  }

  function received(chunk: unknown): void {
    if (ended) return;
    if (!(chunk instanceof Uint8Array)) return finish("text on a channel for bytes");
    opened(); // The first message can be quicker than simple-peer's look at the candidates.
    const bytes = chunk.byteLength === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer ? new Uint8Array(chunk.buffer) : new Uint8Array(chunk);
    const { length } = bytes;
    backlog += length;
    if (backlog > MESH_LIMITS.pageBacklogBytes) return finish("the worker does not keep up");
    tell(
      () => data(transfer(bytes, [bytes.buffer])),
      () => void (backlog -= length),
    );
  }

  peer.on("signal", (description) => {
    if (ended) return;
    const text = JSON.stringify(description);
    if (text.includes(" typ relay")) gatheredOne();
    tell(() => signal(text));
  });
  peer.on("iceStateChange", (_connection: unknown, gathering: unknown) => {
    if (gathering === "complete") gatheredNone();
  });
  peer.on("connect", opened);
  peer.on("data", received);
  peer.on("error", (error) => void (reason = error.message));
  peer.on("close", () => finish(reason));
  return { peer, waiting, finish };
}
