import { createMesh, type Mesh, type MeshSnapshot } from "../mesh/mesh.ts";
import { MeshError } from "../mesh/errors.ts";
import type { RtcHost } from "../mesh/rtc.ts";
import { createSignalClient, type SignalState } from "../signal/client.ts";
import type { BatchProgress } from "../learn/trainer.ts";
import type { Effect, SwarmEvent } from "../swarm/events.ts";
import { encodeRecording } from "../swarm/recording.ts";
import { initialState, type Head, type SwarmConfig, type SwarmState } from "../swarm/state.ts";
import { step } from "../swarm/step.ts";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import type { DeviceOptions, SentEntry } from "./api.ts";
import type { Training } from "./training.ts";

/** How often the protocol looks at its deadlines, in milliseconds. */
const TICK = 200;

export interface SessionEvents {
  onChange(): void;
  onBatch(progress: BatchProgress | null): void;
  onCommitted(effect: Extract<Effect, { type: "committed" }>): void;
  onAdopted(effect: Extract<Effect, { type: "adopted" }>): void;
  onDeparted(effect: Extract<Effect, { type: "departed" }>): void;
  onProblem(error: unknown): void;
}

export interface SessionDeps {
  options: DeviceOptions;
  topic: Uint8Array;
  rtc: RtcHost;
  /** Where its rounds are trained; made by the time it begins. */
  training: () => Training | null;
  now: () => number;
  events: SessionEvents;
}

/**
 * One stay in a swarm: performs what the protocol's core asks for and tells it what happened. It meets the
 * others at once, while the model is still being loaded: they wait a little for whom they can see.
 */
export interface Session {
  /** Takes part, from this model on. */
  begin(config: Omit<SwarmConfig, "self">, head: Head): void;
  readonly self: PeerId;
  /** Null until it has begun. */
  readonly state: SwarmState | null;
  readonly signal: SignalState;
  /** Where a test made it stop dead. */
  readonly frozen: boolean;
  mesh(): MeshSnapshot;
  sent(): SentEntry[];
  take(taking: boolean): void;
  recording(): Uint8Array<ArrayBuffer>;
  close(): void;
}

export function createSession({ options, topic, rtc, training, now, events }: SessionDeps): Session {
  const claim = crypto.getRandomValues(new Uint8Array(16));
  const sent = new Map<SentEntry["kind"], { messages: number; bytes: number }>();
  const log: SwarmEvent[] = [];
  const queue: SwarmEvent[] = [];
  const abort = new AbortController();
  const { breakpoint } = options;
  let draining = false;
  let frozen = false;
  let signalState: SignalState = "connecting";
  let listed: readonly PeerId[] = [];
  let first: SwarmState | null = null;
  let state: SwarmState | null = null;
  let met: SwarmEvent & { type: "reachable" } = { type: "reachable", now: now(), peers: [], pending: [] };

  const freeze = (): void => {
    frozen = true;
    events.onChange();
  };

  const signal = createSignalClient({
    url: options.room.server,
    topic,
    claim,
    events: {
      onState(next) {
        signalState = next;
        events.onChange();
      },
      onPeers(peers) {
        const gone = listed.filter((peer) => !peers.includes(peer));
        listed = peers;
        mesh.roster(peers);
        gone.forEach((peer) => mesh.gone(peer));
      },
      onBlob: (from, blob) => mesh.blob(from, blob),
    },
  });

  const mesh: Mesh = createMesh({
    self: signal.self,
    rtc,
    signal,
    ice: { iceServers: options.room.iceServers, relayOnly: options.room.relayOnly },
    ...(options.degree === undefined ? {} : { degree: options.degree, forced: true }),
    ...(breakpoint?.stage === "connect" ? { beforeDial: () => (freeze(), new Promise<void>(() => undefined)) } : {}),
    events: {
      onMessage: (from, bytes) => dispatch({ type: "message", now: now(), from, bytes }),
      onReachable(peers, pending) {
        met = { type: "reachable", now: now(), peers, pending };
        dispatch(met);
      },
      onOutdated: () => events.onProblem(new VersionError()),
      onDropped: () => events.onChange(),
    },
  });

  /** What happens before it begins is either said again by the others or kept in `met`. */
  function dispatch(event: SwarmEvent): void {
    if (state === null) return events.onChange();
    queue.push(event);
    if (draining) return; // what an effect brings about is handled after it, in order
    draining = true;
    try {
      for (let next = queue.shift(); next && !frozen && !abort.signal.aborted; next = queue.shift()) handle(next);
    } finally {
      draining = false;
    }
    events.onChange();
  }

  function handle(event: SwarmEvent): void {
    if (options.record) log.push(event);
    const [next, effects] = step(state!, event);
    state = next;
    for (const effect of effects) if (!frozen) perform(effect);
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case "broadcast":
        mesh.broadcast(effect.bytes);
        return count("status", effect.bytes);
      case "send":
        void post(effect);
        if (effect.what === "update" && stopsAt("exchange")) freeze();
        return;
      case "train":
        void train(effect.head);
        return;
      case "stop-training":
        training()?.stop();
        return events.onBatch(null);
      case "group":
        return mesh.setGroup(effect.peers);
      case "committed":
        return events.onCommitted(effect);
      case "adopted":
        return events.onAdopted(effect);
      case "departed":
        return events.onDeparted(effect);
      case "refused":
        if (effect.error instanceof WireError && effect.error.code === "version" && effect.error.older !== "peer") events.onProblem(new VersionError());
        return;
      case "problem":
        return events.onProblem(effect.error);
    }
  }

  const stopsAt = (stage: "train" | "exchange"): boolean => breakpoint?.stage === stage && state!.head.record.round + 1 === breakpoint.round;

  async function post({ to, what, bytes }: Extract<Effect, { type: "send" }>): Promise<void> {
    const kind = what === "update" || what === "sum" ? what : what === "want" ? "status" : "model";
    count(kind, bytes);
    try {
      await mesh.send(to, bytes, { signal: abort.signal });
    } catch (error) {
      // Gone or out of reach: the core asks again, and the mesh tells it when the peer is lost.
      if (!(error instanceof MeshError)) throw error;
    }
  }

  function count(kind: SentEntry["kind"], bytes: Uint8Array): void {
    const entry = sent.get(kind) ?? { messages: 0, bytes: 0 };
    sent.set(kind, { messages: entry.messages + 1, bytes: entry.bytes + bytes.length });
  }

  async function train({ params, record, root }: Head): Promise<void> {
    try {
      const result = await training()!.round(params, record.round + 1, (progress) => {
        events.onBatch(progress);
        if (!stopsAt("train")) return;
        freeze();
        return new Promise<void>(() => undefined);
      });
      if (result === null || abort.signal.aborted) return;
      events.onBatch(null);
      dispatch({ type: "trained", now: now(), root, ...result });
    } catch (error) {
      if (abort.signal.aborted) return;
      dispatch({ type: "take", now: now(), taking: false });
      events.onProblem(error);
    }
  }

  const ticking = setInterval(() => dispatch({ type: "tick", now: now() }), TICK);

  return {
    self: signal.self,
    begin(config, head) {
      first = state = initialState({ ...config, self: signal.self }, head, now());
      dispatch({ ...met, now: now() });
    },
    get state() {
      return state;
    },
    get signal() {
      return signalState;
    },
    get frozen() {
      return frozen;
    },
    mesh: () => mesh.snapshot(),
    sent() {
      const { up } = mesh.snapshot();
      const entries = [...sent].map(([kind, counts]) => ({ kind, ...counts }));
      const extra = (kind: SentEntry["kind"], bytes: number): SentEntry[] => (bytes > 0 ? [{ kind, messages: 0, bytes }] : []);
      return [...entries, ...extra("relay", up.relayed), ...extra("link", up.overhead)];
    },
    take: (taking) => dispatch({ type: "take", now: now(), taking }),
    recording() {
      if (first === null) throw new Error("nothing has begun yet");
      return encodeRecording(first.config, first.head, first.now, log);
    },
    close() {
      abort.abort();
      clearInterval(ticking);
      training()?.stop();
      signal.close();
      mesh.close();
    },
  };
}

/** A peer speaks another version of the protocol. */
class VersionError extends Error {
  override readonly name = "VersionError";
  constructor() {
    super("a device in this room speaks another version; reload the page to update this one");
  }
}
