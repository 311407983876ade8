import { WireError } from "../wire/codec.ts";
import { peerIdBytes, peerIdOf, type PeerId } from "../wire/ids.ts";
import { createBucket } from "./bucket.ts";
import { CLAIM_BYTES, SIGNAL_CLIENT_LIMITS, SIGNAL_LIMITS, TOPIC_BYTES, withLimits, type SignalClientLimits } from "./limits.ts";
import { blobBytes, peerIdOfClaim, toClientCodec, toServerCodec, type ToClient } from "./protocol.ts";
import { SignalError } from "./refusal.ts";
import { dial, type Line, type SocketConstructor } from "./socket.ts";

/** `outdated` is final: this device or the server has to be updated. */
export type SignalState = "connecting" | "open" | "down" | "outdated";

export interface SignalEvents {
  onState(state: SignalState): void;
  /** Everybody else in the room, in full, each time that it changes. */
  onPeers(peers: PeerId[]): void;
  /** The blob is the receiver's to keep or to transfer. */
  onBlob(from: PeerId, blob: Uint8Array): void;
  /** Why the connection was lost or refused; it is tried again unless the state is `outdated`. */
  onProblem?(error: SignalError): void;
  /** The server was given bytes: a blob for this room-mate, or (null) what is for itself. */
  onSent?(bytes: number, to: PeerId | null): void;
}

export interface SignalClientOptions {
  /** ws: or wss:, path included. */
  url: string;
  /** 32 bytes that name the room. */
  topic: Uint8Array;
  /** Opens the id (protocol.ts); the id is kept as long as the claim is. */
  claim: Uint8Array;
  events: SignalEvents;
  /** The platform's own where it is absent. */
  WebSocket?: SocketConstructor;
  /** Uniform in [0, 1), for the jitter of the waits between tries. */
  random?: () => number;
  limits?: Partial<SignalClientLimits>;
}

export interface SignalClient {
  readonly self: PeerId;
  readonly state: SignalState;
  /** As the server last said: while the state is not `open`, they may have left or been joined by others. */
  readonly peers: readonly PeerId[];
  /**
   * Hands a blob to the server for a room-mate. False when there is no connection or too much waits already;
   * true is no receipt. @throws RangeError for a blob larger than a message holds.
   */
  send(to: PeerId, blob: Uint8Array): boolean;
  /** No event follows. */
  close(): void;
}

/**
 * Stays in a room of a signalling server: connects, joins, and when the connection is lost tries again after
 * exponential waits with full jitter (so that a restarted server is not met by all its clients at once).
 * @throws SignalError `address` for a url that no WebSocket can have.
 */
export function createSignalClient(options: SignalClientOptions): SignalClient {
  const { url, topic, claim, events, random = Math.random } = options;
  const limits = withLimits(SIGNAL_CLIENT_LIMITS, options.limits);
  if (!/^wss?:$/.test(protocolOf(url))) throw new SignalError("address", `The room's server has to be a ws: or wss: address, not ${url}`);
  if (topic.length !== TOPIC_BYTES) throw new RangeError(`a topic has ${TOPIC_BYTES} bytes, not ${topic.length}`);
  if (claim.length !== CLAIM_BYTES) throw new RangeError(`a claim has ${CLAIM_BYTES} bytes, not ${claim.length}`);
  const outgoing = toServerCodec();
  const incoming = toClientCodec();
  const self = peerIdOfClaim(claim);
  const hello = outgoing.encode({ kind: "join", topic, claim });

  let state: SignalState = "connecting";
  let peers = new Set<PeerId>();
  let line: Line | null = null;
  let failures = 0;
  let closed = false;
  /** The next thing to do without an event from the socket: dial, give up waiting, or ask the server. */
  let alarm: ReturnType<typeof setTimeout> | undefined;
  let pacer: ReturnType<typeof setTimeout> | undefined;
  let queue: { to: PeerId; bytes: Uint8Array<ArrayBuffer> }[] = [];
  let bucket = createBucket(1, 1, 0);
  let openedAt = 0;
  let heardAt = 0;

  const become = (next: SignalState): void => {
    if (state === next || closed) return;
    state = next;
    events.onState(next);
  };
  const setAlarm = (ms: number, run: () => void): void => {
    clearTimeout(alarm);
    alarm = setTimeout(run, ms);
  };

  const say = (bytes: Uint8Array<ArrayBuffer>, to: PeerId | null): void => {
    if (line?.send(bytes)) events.onSent?.(bytes.length, to);
  };

  const connect = (): void => {
    become("connecting");
    bucket = createBucket(SIGNAL_LIMITS.messagesPerSecond * limits.pace, SIGNAL_LIMITS.messageBurst * limits.pace, performance.now());
    setAlarm(limits.connectMs, () => lose(new SignalError("silent", "The server did not answer in time. It is tried again by itself.")));
    line = dial(url, options.WebSocket, {
      onOpen: () => say(hello, null),
      onBytes: receive,
      onClose: lose,
    });
  };

  /** Every end of a connection comes through here, once. */
  const lose = (problem: SignalError): void => {
    if (closed || state === "outdated") return;
    const lasted = state === "open" ? performance.now() - openedAt : 0;
    hangUp();
    if (problem.code === "version") {
      become("outdated");
      events.onProblem?.(problem);
      return;
    }
    failures = lasted >= limits.steadyMs ? 1 : failures + 1;
    // Two holders of one claim would else push each other out as fast as they can.
    const reach = problem.code === "replaced" ? limits.retryMaxMs : Math.min(limits.retryMaxMs, limits.retryFirstMs * 2 ** (failures - 1));
    setAlarm(reach * (0.5 + 0.5 * random()), connect);
    become("down");
    events.onProblem?.(problem);
  };

  const hangUp = (): void => {
    clearTimeout(alarm);
    clearTimeout(pacer);
    pacer = undefined;
    queue = [];
    const old = line;
    line = null;
    old?.close();
  };

  const receive = (bytes: Uint8Array): void => {
    heardAt = performance.now();
    let act: () => void;
    try {
      act = obey(incoming.decode(bytes));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return lose(new SignalError(error.code === "oversized" ? "size" : error.code, `The server sent what it should not: ${error.message}`));
    }
    // Outside the `try`: what a listener throws is not the server's doing.
    act();
  };

  /** Checks a message against what is known, takes it in, and returns what is left to do. */
  const obey = (message: ToClient): (() => void) => {
    if (message.kind === "refused") return () => lose(new SignalError(message.code, message.message));
    if ((message.kind === "room") !== (state !== "open")) throw new WireError("malformed", `${message.kind} out of turn`);
    switch (message.kind) {
      case "room": {
        if (peerIdOf(message.you) !== self) throw new WireError("malformed", "another's id");
        peers = new Set(message.peers.map(peerIdOf));
        if (peers.has(self) || peers.size !== message.peers.length) throw new WireError("malformed", "a list of peers with doubles");
        return opened;
      }
      case "news":
        for (const peer of message.gone) peers.delete(known(peer, true));
        for (const peer of message.came) peers.add(known(peer, false));
        return tellPeers;
      case "from": {
        const from = known(message.peer, true);
        return () => events.onBlob(from, message.blob);
      }
      case "here":
        return () => {};
    }
  };

  const opened = (): void => {
    openedAt = performance.now();
    watch();
    become("open");
    tellPeers();
  };
  const known = (bytes: Uint8Array, expected: boolean): PeerId => {
    const id = peerIdOf(bytes);
    if (id === self || peers.has(id) !== expected) throw new WireError("malformed", expected ? "a peer that is not here" : "a peer that is here already");
    return id;
  };
  const tellPeers = (): void => {
    if (!closed) events.onPeers([...peers]);
  };

  /** A connection can die without a word, and a browser shows no pings: ask, and count silence as loss. */
  const watch = (): void => {
    const silent = performance.now() - heardAt;
    if (silent >= limits.silentMs) return lose(new SignalError("silent", "The server went silent. It is tried again by itself."));
    if (silent >= limits.askMs) say(outgoing.encode({ kind: "there" }), null);
    setAlarm(silent < limits.askMs ? limits.askMs - silent : Math.min(limits.askMs, limits.silentMs - silent), watch);
  };

  const pump = (): void => {
    pacer = undefined;
    while (queue.length > 0 && line) {
      const wait = bucket.wait(performance.now());
      if (wait > 0) {
        pacer = setTimeout(pump, wait);
        return;
      }
      bucket.take(performance.now());
      const next = queue.shift();
      if (next) say(next.bytes, next.to);
    }
  };

  connect();
  return {
    self,
    get state() {
      return state;
    },
    get peers() {
      return [...peers];
    },
    send(to, blob) {
      const most = blobBytes(SIGNAL_LIMITS.messageBytes);
      if (blob.length > most) throw new RangeError(`a blob has at most ${most} bytes, not ${blob.length}`);
      if (state !== "open" || closed || queue.length >= limits.queuedMessages) return false;
      queue.push({ to, bytes: outgoing.encode({ kind: "send", to: peerIdBytes(to), blob }) });
      if (pacer === undefined) pump();
      return true;
    },
    close() {
      if (closed) return;
      closed = true;
      hangUp();
      state = state === "outdated" ? state : "down";
    },
  };
}

const protocolOf = (url: string): string => (URL.canParse(url) ? new URL(url).protocol : "");
