import { utf8ToBytes } from "@noble/hashes/utils.js";
import { computeIn } from "../identity/encoded.ts";
import { T } from "../identity/suite.ts";
import { MeshError } from "../mesh/errors.ts";
import type { MeshSnapshot } from "../mesh/mesh.ts";
import type { RtcHost } from "../mesh/rtc.ts";
import type { SignalState } from "../signal/client.ts";
import type { BatchProgress, RoundResult } from "../learn/trainer.ts";
import { endsEpoch, epochOf } from "../swarm/epoch.ts";
import type { Effect, SwarmEvent, Trained } from "../swarm/events.ts";
import { LIMITS } from "../swarm/limits.ts";
import { decodeMessage } from "../swarm/message.ts";
import { encodeRecording } from "../swarm/recording.ts";
import { initialState, type Head, type SwarmConfig, type SwarmState } from "../swarm/state.ts";
import { heard } from "../swarm/stands.ts";
import { step } from "../swarm/step.ts";
import { cutAfter, groupsAfter } from "../swarm/tier/groups.ts";
import { introduced } from "../swarm/tier/introduced.ts";
import type { Carry } from "../update/compression/carry.ts";
import { loadCurve } from "../wasm/curve.ts";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import type { Breakpoint, DeviceOptions } from "./api.ts";
import type { Refusals } from "./guard.ts";
import { createJudging } from "./judging.ts";
import type { RoomKeyring } from "./keyring.ts";
import type { LibraryLane } from "./library.ts";
import { createPresences } from "./presences.ts";
import type { IssuerView } from "./registry.ts";
import type { RoomKeys } from "./room.ts";
import type { Sealing } from "./sealing.ts";
import type { SentLog } from "./sent-log.ts";
import type { Training } from "./training.ts";

/** An event before it is known when it comes. */
type Untimed = SwarmEvent extends infer E ? (E extends SwarmEvent ? Omit<E, "now"> : never) : never;

/** How often the protocol looks at its deadlines, in milliseconds. */
const TICK = 200;

export interface SessionEvents {
  onChange(): void;
  onBatch(progress: BatchProgress | null): void;
  onCommitted(effect: Extract<Effect, { type: "committed" }>): void;
  onAdopted(effect: Extract<Effect, { type: "adopted" }>): void;
  onDeparted(effect: Extract<Effect, { type: "departed" }>): void;
  onAccused(effect: Extract<Effect, { type: "accused" }>): void;
  onReceipt(receipt: Uint8Array<ArrayBuffer>): void;
  onProblem(error: unknown): void;
  /** The signalling server, or a relay, changed what this peer sent. */
  onTampered(from: PeerId): void;
}

export interface SessionDeps {
  options: DeviceOptions;
  room: RoomKeys;
  keys: RoomKeyring;
  /** The kept model's record: in which epoch this device was last. */
  kept: { round: number; weight: number };
  epochRounds: number;
  rtc: RtcHost;
  library: LibraryLane;
  sent: SentLog;
  /** Where its rounds are trained; made by the time it begins. */
  training: () => Training | null;
  now: () => number;
  events: SessionEvents;
}

/** What of a stay never leaves this device but in a sum. */
interface Own {
  sealing: Sealing;
  /** Of the samples that it trains on. */
  labelCounts: readonly number[];
  /** That goes with the head. */
  carry: Carry;
}

/**
 * One stay in a swarm: performs what the protocol's core asks for and tells it what happened. It meets the
 * others at once, while the model is still being loaded: they wait a little for whom they can see.
 */
export interface Session {
  /** Takes part, from this model on. */
  begin(config: Omit<SwarmConfig, "self">, head: Head, own: Own): void;
  /** Null until the room's epoch is known; another in each. */
  readonly self: PeerId | null;
  /** What it sends leaves slowly. */
  readonly slow: boolean;
  /** Null until it has begun. */
  readonly state: SwarmState | null;
  readonly signal: SignalState;
  /** Where a test made it stop dead. */
  readonly frozen: boolean;
  /** The present epoch's links, and the bytes of all epochs. */
  mesh(): MeshSnapshot;
  refusals(): Refusals;
  /** The committee that issues pseudonyms; null while everybody with the room's link can. */
  readonly issuer: IssuerView | null;
  take(taking: boolean): void;
  recording(): Uint8Array<ArrayBuffer>;
  close(): void;
}

export function createSession({ options, room, keys, kept, epochRounds, rtc, library, sent, training, now, events }: SessionDeps): Session {
  const log: SwarmEvent[] = [];
  const queue: SwarmEvent[] = [];
  const abort = new AbortController();
  const { breakpoint } = options;
  const judging = createJudging(training);
  let draining = false;
  let frozen = false;
  /** What it began with, once it has both a model and a name. */
  let start: { config: Omit<SwarmConfig, "self">; head: Head; own: Own } | null = null;
  /** Its head has changed since it was last looked at which epoch follows. */
  let moved = false;
  let first: SwarmState | null = null;
  let state: SwarmState | null = null;
  let met: Record<"peers" | "pending" | "beyond", readonly PeerId[]> = { peers: [], pending: [], beyond: [] };

  const freeze = (): void => {
    frozen = true;
    events.onChange();
  };

  /** Where its model stands, whether or not it has begun. */
  const own = (): Pick<SwarmState["head"]["record"], "round" | "weight"> => head()?.record ?? kept;
  const head = (): Head | null => state?.head ?? start?.head ?? null;

  const presences = createPresences({
    options,
    room,
    keys,
    rtc,
    now,
    library,
    sent,
    standing() {
      const { round, weight } = own();
      const at = head();
      return { epoch: epochOf(round, epochRounds), weight, cut: at && cutAfter(at, epochRounds) };
    },
    ...(breakpoint?.stage === "connect" ? { beforeDial: () => (freeze(), new Promise<void>(() => undefined)) } : {}),
    events: {
      onChange: events.onChange,
      onTampered: events.onTampered,
      onOutdated: () => events.onProblem(new VersionError()),
      onEntered(self) {
        if (state) dispatch({ type: "epoch", now: now(), self });
        else commence();
      },
      onReachable(peers, pending, beyond) {
        met = { peers, pending, beyond };
        // Whoever is alone has nothing to check.
        if (peers.length > 0) void loadCurve().then(computeIn);
        dispatch(reachable());
      },
      onSlow: () => dispatch(reachable()),
      onMessage: hear,
      onReceipt: events.onReceipt,
      onCommittee: (issuer) => dispatch({ type: "issuer", now: now(), issuer }),
      leads: (bytes) => weightIn(bytes) > own().weight,
    },
  });

  /** Who can be reached; of other nodes those whom it is introduced to. */
  function reachable(): SwarmEvent & { type: "reachable" } {
    const { peers, pending, beyond } = met;
    return { type: "reachable", now: now(), peers: state && beyond.length > 0 ? [...new Set([...peers, ...elsewhere(state, beyond)])] : peers, pending, slow: presences.slow };
  }

  /** A quarter of the epoch, five rounds at most, is for getting the next one's pseudonym. */
  const nearEdge = (round: number): boolean => round % epochRounds >= epochRounds - Math.max(1, Math.min(5, Math.ceil(epochRounds / 4)));

  function noteCommit(head: Head, group: readonly PeerId[]): void {
    moved = true;
    presences.committed(head, group, nearEdge(head.record.round));
  }

  function commence(): void {
    const self = presences.current?.self;
    if (start === null || self === undefined || state) return;
    first = state = initialState({ ...start.config, self }, start.head, now(), start.own.carry);
    moved = true;
    dispatch(reachable());
  }

  /**
   * The epoch's last round is the time to make the next one's links; its commit is the time to go. Whoever came down to
   * an epoch before its model's, to follow those who are there, stays until it has theirs.
   */
  function keepEpoch(): void {
    const { current } = presences;
    if (!current || !state) return;
    const { round, issuer } = state.head.record;
    const epoch = epochOf(round, epochRounds);
    const goes = moved && epoch > current.epoch;
    moved = false;
    if (goes) return presences.enter(epoch, endsEpoch(round, epochRounds) ? issuer : undefined);
    if (epoch !== current.epoch) return;
    presences.setCut(cutAfter(state.head, epochRounds));
    if (endsEpoch(round + 1, epochRounds) && state.round.view.length > 0) presences.prepare(epoch + 1, issuer);
  }

  /** Signatures under what is handed on are checked here; whose key is not known yet is asked for, of whoever handed it on. */
  function hear(from: PeerId, bytes: Uint8Array, asked = false): void {
    if (state === null || state.refused.includes(from)) return;
    const strangers = new Set<PeerId>();
    const event = heard(state, from, bytes, (peer, message, signature) => {
      const checked = signedBy(peer, message, signature);
      if (checked === null) strangers.add(peer);
      return checked;
    });
    if (event) dispatch({ ...event, now: now() });
    if (strangers.size > 0 && !asked) void presences.acquaint(from, [...strangers]).then(() => hear(from, bytes, true));
  }

  function signedBy(peer: PeerId, message: Uint8Array, signature: Uint8Array): boolean | null {
    const guard = presences.current?.guard;
    return guard?.met(peer) ? guard.signedBy(peer, spoken(message), signature) : null;
  }

  /** What happens before it begins is either said again by the others or kept in `met`. */
  function dispatch(event: SwarmEvent): void {
    // Between two epochs there is nobody to do a round with.
    if (state === null || (presences.current === null && event.type !== "take")) return events.onChange();
    queue.push(event);
    if (draining) return; // what an effect brings about is handled after it, in order
    draining = true;
    try {
      for (let next = queue.shift(); next && !frozen && !abort.signal.aborted; next = queue.shift()) handle(next);
    } finally {
      draining = false;
    }
    keepEpoch();
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
        return presences.broadcast(effect.bytes);
      case "sign": {
        const { current } = presences;
        // The queue is worked off before another epoch is entered.
        if (current) dispatch({ type: "signed", now: now(), seq: effect.seq, signature: current.guard.sign(spoken(effect.bytes)) as Uint8Array<ArrayBuffer> });
        return;
      }
      case "tell":
        for (const to of effect.to) void post({ to, what: "status", bytes: effect.bytes });
        return;
      case "send":
        void post(effect);
        if ((effect.what === "update" && stopsAt("exchange")) || (effect.what === "sum" && stopsAt("sum"))) freeze();
        return;
      case "train":
        void train(effect);
        return;
      case "seal":
        if (effect.devices >= LIMITS.refusersAtLeast) judging.know(state!.head);
        return tell(() => start!.own.sealing.seal(effect));
      case "answer":
        return tell(() => start!.own.sealing.answer(effect));
      case "open":
        return tell(() => start!.own.sealing.open(effect));
      case "reveal": {
        // Before it is erased, which comes next.
        const told = start!.own.sealing.reveal(effect);
        if (told) dispatch({ ...told, now: now() });
        return;
      }
      case "reseal":
        return tell(() => start!.own.sealing.reseal(effect));
      case "rerun":
        return tell(() => trainAgain(effect));
      case "erase":
        return start!.own.sealing.erase();
      case "judge":
        return tell(async () => ({ type: "judged", root: effect.head.root, change: await judging.change(effect.head, effect.against) }));
      case "accused":
        return events.onAccused(effect);
      case "stop-training":
        training()?.stop();
        return events.onBatch(null);
      case "group":
        return presences.current?.setGroup(effect.peers);
      case "committed":
        // What was refused is nobody's work.
        noteCommit(effect.head, effect.refused ? [] : effect.group);
        return events.onCommitted(effect);
      case "adopted":
        noteCommit(effect.head, []);
        return events.onAdopted(effect);
      case "departed":
        return events.onDeparted(effect);
      case "refused":
        presences.revoke(effect.peer);
        if (effect.error instanceof WireError && effect.error.code === "version" && effect.error.older !== "peer") events.onProblem(new VersionError());
        return;
      case "problem":
        return events.onProblem(effect.error);
    }
  }

  const stopsAt = (stage: Breakpoint): boolean => breakpoint?.stage === stage && state!.head.record.round + 1 === breakpoint.round;

  async function post({ to, what, bytes }: { to: PeerId; what: keyof typeof KIND_OF; bytes: Uint8Array<ArrayBuffer> }): Promise<void> {
    try {
      await presences.current?.send(to, bytes, abort.signal, KIND_OF[what]);
    } catch (error) {
      // Gone or out of reach: the core asks again, and the mesh tells it when the peer is lost.
      if (!(error instanceof MeshError)) throw error;
    }
  }

  /** What the secure sum has worked out goes back to the core. */
  function tell(work: () => Promise<Untimed | null> | Untimed | null): void {
    Promise.resolve().then(work).then(
      (event) => {
        if (event && !abort.signal.aborted) dispatch({ ...event, now: now() } as SwarmEvent);
      },
      (error: unknown) => hold(error),
    );
  }

  /** Takes no part any more until the person says so. */
  function hold(error: unknown): void {
    if (abort.signal.aborted) return;
    dispatch({ type: "take", now: now(), taking: false });
    events.onProblem(error);
  }

  async function trainAgain({ attempt, round, start: from, seed, steps }: Extract<Effect, { type: "rerun" }>): Promise<Untimed> {
    const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(LIMITS.rerunAtMost)]);
    const result = await training()!.again(from, { round, seed, steps }, signal);
    return { type: "reran", attempt, update: result && trained(result) };
  }

  const trained = ({ delta, steps, samples, loss, accuracy }: RoundResult): Trained => ({ delta, steps, samples, loss, accuracy, labels: start!.own.labelCounts });

  async function train({ head: { record, root }, start: from, lost, seed }: Extract<Effect, { type: "train" }>): Promise<void> {
    try {
      const result = await training()!.round(from, { round: record.round + 1, lost, model: record.model, ...(seed !== undefined && { seed }) }, (progress) => {
        events.onBatch(progress);
        if (!stopsAt("train")) return;
        freeze();
        return new Promise<void>(() => undefined);
      });
      if (result === null || abort.signal.aborted) return;
      events.onBatch(null);
      dispatch({ type: "trained", now: now(), root, ...trained(result) });
    } catch (error) {
      hold(error);
    }
  }

  const ticking = setInterval(() => {
    presences.tick();
    dispatch({ type: "tick", now: now() });
  }, TICK);

  return {
    get slow() {
      return presences.slow;
    },
    get self() {
      return presences.current?.self ?? null;
    },
    begin(config, head, own) {
      start = { config, head, own };
      commence();
    },
    get state() {
      return state;
    },
    get signal() {
      return presences.current?.signal ?? "connecting";
    },
    get frozen() {
      return frozen;
    },
    mesh() {
      const { up, down } = presences.totals();
      return { ...(presences.current?.mesh() ?? NO_MESH), up, down };
    },
    refusals: () => presences.totals().refusals,
    get issuer() {
      return presences.issuer;
    },
    take: (taking) => dispatch({ type: "take", now: now(), taking }),
    recording() {
      if (first === null) throw new Error("nothing has begun yet");
      return encodeRecording(first, log);
    },
    close() {
      abort.abort();
      clearInterval(ticking);
      training()?.stop();
      start?.own.sealing.erase();
      presences.close();
    },
  };
}

function elsewhere({ head, config }: SwarmState, beyond: readonly PeerId[]): PeerId[] {
  const there = new Set(beyond);
  const { nodeOf } = groupsAfter(head, config);
  return introduced(head, config, (peer) => there.has(peer), (node) => beyond.filter((peer) => nodeOf(peer) === node));
}

/** A word to other groups is signed as such. */
const spoken = (bytes: Uint8Array): Uint8Array => T(utf8ToBytes("stand"), bytes);

/** Under which heading the page lists a message. */
const KIND_OF = { update: "update", sum: "sum", share: "sum", complaint: "sum", record: "model", model: "model", status: "status", want: "status", part: "sum", chunk: "sum", total: "sum", digest: "sum", node: "sum", outcome: "sum", reveal: "reveal", dispute: "reveal" } as const;

const NO_MESH: MeshSnapshot = {
  links: [],
  dialling: [],
  reachable: [],
  pending: [],
  edges: [],
  up: { own: 0, relayed: 0, overhead: 0 },
  down: { own: 0, relayed: 0, overhead: 0 },
  relayDrops: 0,
  turn: null,
};

/** Of a status in which a peer of another epoch says where it stands; 0 of anything else. */
function weightIn(bytes: Uint8Array): number {
  try {
    const message = decodeMessage(bytes);
    return message.kind === "status" ? message.weight : 0;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return 0;
  }
}

/** A peer speaks another version of the protocol. */
class VersionError extends Error {
  override readonly name = "VersionError";
  constructor() {
    super("a device in this room speaks another version; reload the page to update this one");
  }
}
