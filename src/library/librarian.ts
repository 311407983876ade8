import { CodingError } from "../coding/errors.ts";
import { sameBytes, type Digest } from "../coding/hash.ts";
import { sealManifest, type Manifest } from "../coding/manifest.ts";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { wasAsked } from "./asks.ts";
import { LibraryError } from "./errors.ts";
import type { LibraryEffect, LibraryEvent } from "./events.ts";
import { openFrame, takeIn, type AuthorOf } from "./intake.ts";
import { LIBRARY_LIMITS as LIMITS } from "./limits.ts";
import { encodeLibrary, type HeadNote, type ObjectId } from "./message.ts";
import { decodeNote } from "./note.ts";
import { encodeObject, remakeShards, restoreObject, type FetchShard, type WithCoder } from "./objects.ts";
import { ownShards, shapeOf } from "./placement.ts";
import { announcedHead, initialLibrary, segmentCount, shardsOf, type Known, type LibraryState } from "./state.ts";
import { step } from "./step.ts";
import { createStock, shardKey, type Shards, type Shelf } from "./stock.ts";
import { libraryView, type Fetching, type LibraryView } from "./view.ts";
import { createWaiting } from "./waiting.ts";

export interface LibrarianDeps {
  shelf: Shelf;
  /** Names the room: what is kept of another is dropped. */
  room: Uint8Array;
  subtle: Digest;
  withCoder: WithCoder;
  now: () => number;
  /** Bytes of memory that the person lends. */
  lends: number;
  /** @returns a signature that `authorOf` can check in this epoch and in later ones. */
  sign(bytes: Uint8Array): Uint8Array;
  authorOf: AuthorOf;
  broadcast(bytes: Uint8Array): void;
  /** Sent, not received, when it resolves; lost where the peer is out of reach. */
  send(to: PeerId, bytes: Uint8Array): Promise<void>;
  events: {
    onChange(): unknown;
    /** A peer that gave wrong bytes, or an author whose manifest is dishonest. */
    onWrong(who: string, error: Error): void;
    onProblem(error: unknown): void;
  };
}

/** A checkpoint, and what all who made it know alike. */
export interface Checkpoint {
  bytes: Uint8Array;
  head: HeadNote;
  contributors: readonly PeerId[];
  /** Devices of the round before that were and were not in this one. */
  churn: { left: number; stayed: number };
}

/** Performs what the library's core asks for. */
export interface Librarian {
  /** Takes up what an earlier visit left. */
  open(): Promise<void>;
  named(self: PeerId | null): void;
  reachable(peers: readonly PeerId[]): void;
  receive(from: PeerId, bytes: Uint8Array): void;
  tick(): void;
  lend(bytes: number): void;
  /** Codes an object and gives it out to whoever lends memory. @throws LibraryError `oversized`; CodingError */
  publish(object: Uint8Array): Promise<ObjectId>;
  /** Codes a checkpoint, and keeps this device's part of it. */
  keepCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** @throws LibraryError `unavailable`, `stopped`, `dishonest`; CodingError */
  fetch(id: ObjectId, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether this peer has said what it holds. */
  hasHeard(peer: PeerId): boolean;
  /** The heaviest checkpoint that the others speak of, if it is heavier than this. */
  announcedHead(weight: number): { id: ObjectId; head: HeadNote } | null;
  readonly view: LibraryView;
  /** Settles when what was being written is. */
  close(): Promise<void>;
}

export function createLibrarian({ shelf, room, subtle, withCoder, now, lends, sign, authorOf, broadcast, send, events }: LibrarianDeps): Librarian {
  let state: LibraryState = initialLibrary(lends, now());
  const queue: LibraryEvent[] = [];
  let draining = false;
  const closing = new AbortController();
  const serving = new Map<PeerId, number>();
  const fetching = new Map<ObjectId, Fetching>();
  const wrong = new Set<string>();

  type Untimed<E> = E extends { now: number } ? Omit<E, "now"> : never;
  function dispatch(event: Untimed<LibraryEvent>): void {
    queue.push({ ...event, now: now() } as LibraryEvent);
    if (draining) return; // what an effect brings about is handled after it, in order
    draining = true;
    try {
      for (let next = queue.shift(); next && !closing.signal.aborted; next = queue.shift()) {
        const [after, effects] = step(state, next);
        state = after;
        effects.forEach(perform);
      }
    } finally {
      draining = false;
    }
    events.onChange();
  }

  const waiting = createWaiting(dispatch);
  const stock = createStock({
    shelf,
    room,
    onKept: (id, segment, shard, bytes) => dispatch({ type: "kept", id, segment, shard, bytes, at: now() }),
    onLost: (id, shard) => dispatch({ type: "lost", id, shard }),
    onProblem: events.onProblem,
  });

  function perform(effect: LibraryEffect): void {
    switch (effect.type) {
      case "broadcast":
        return broadcast(effect.bytes);
      case "send":
        return void send(effect.to, effect.bytes).catch(events.onProblem);
      case "serve":
        return void serve(effect).catch(events.onProblem);
      case "keep":
        return stock.keep(state.known.get(effect.id)!, effect.segment, effect.shard, effect.bytes);
      case "keep-made":
        return keepMade(state.known.get(effect.id)!, effect.shards);
      case "drop":
        return stock.drop(effect.id, effect.shard);
      case "settled":
        return waiting.settled(effect, effect.bytes);
      case "open":
        return waiting.opened(effect.id, state.known.get(effect.id)!.manifest);
      case "unavailable":
        return waiting.opened(effect.id, new LibraryError("unavailable", effect.reason));
      case "repair":
        return void repair(state.known.get(effect.id)!, effect.shards);
      case "wrong":
        return accuse(effect.peer, effect.error);
    }
  }

  function keepMade(known: Known, shards: readonly number[]): void {
    for (const shard of shards) {
      for (let segment = 0; segment < segmentCount(known.manifest); segment++) {
        const bytes = stock.laid(known.id, segment, shard);
        if (bytes) stock.keep(known, segment, shard, bytes);
      }
    }
  }

  function accuse(who: string, error: Error): void {
    wrong.add(who);
    events.onWrong(who, error);
  }

  async function ownShard(id: ObjectId, manifest: Manifest, segment: number, shard: number): Promise<Uint8Array | null> {
    const holds = state.held.get(id)?.get(shard)?.segments.has(segment) ?? false;
    const bytes = await stock.read(id, manifest, segment, shard);
    if (bytes === null && holds) dispatch({ type: "lost", id, shard });
    return bytes;
  }

  async function serve({ to, id, segment, shard }: LibraryEffect & { type: "serve" }): Promise<void> {
    const busy = serving.get(to) ?? 0;
    const known = state.known.get(id);
    serving.set(to, busy + 1);
    try {
      const payload = known && busy < LIMITS.serving && shard < shardsOf(known.manifest) ? await ownShard(id, known.manifest, segment, shard) : null;
      await send(to, encodeLibrary(payload ? { kind: "shard", id, segment, shard, payload } : { kind: "lack-shard", id, segment, shard }));
    } finally {
      const left = serving.get(to)! - 1;
      if (left > 0) serving.set(to, left);
      else serving.delete(to);
    }
  }

  /** A right shard, from here or from others. @throws where nobody has it */
  const shardFor =
    (id: ObjectId, manifest: Manifest, onShard: () => void): FetchShard =>
    async (segment, shard, signal) => {
      const bytes = (await ownShard(id, manifest, segment, shard)) ?? (await waiting.shard({ id, segment, shard }, signal));
      signal.throwIfAborted();
      if (bytes === null) throw new LibraryError("unavailable", `nobody gives shard ${shard}`);
      onShard();
      return bytes;
    };

  async function repair(known: Known, shards: readonly number[]): Promise<void> {
    const { id, manifest } = known;
    try {
      await remakeShards(manifest, { withCoder, subtle, signal: closing.signal }, shardFor(id, manifest, () => undefined), shards, (segment, shard, bytes) => stock.keep(known, segment, shard, bytes));
    } catch (error) {
      if (!closing.signal.aborted) blame(id, error);
    }
    dispatch({ type: "repaired", id });
  }

  /** What others are at fault for is said; a failure of ours goes up. */
  function blame(id: ObjectId, error: unknown): void {
    if (!(error instanceof CodingError)) return events.onProblem(error);
    const author = state.known.get(id)?.author;
    if (error.code === "dishonest" && author) accuse(author, error);
  }

  async function fetch(id: ObjectId, stop: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const signal = AbortSignal.any([stop, closing.signal]);
    fetching.set(id, { have: 0, need: null });
    try {
      for (let attempt = 1; ; attempt++) {
        const manifest = await waiting.manifest(id, signal);
        const progress: Fetching = { have: 0, need: manifest.shape.k * segmentCount(manifest) };
        fetching.set(id, progress);
        try {
          return await restoreObject(manifest, { withCoder, subtle, signal }, shardFor(id, manifest, () => {
            progress.have++;
            events.onChange();
          }));
        } catch (error) {
          if (!(error instanceof CodingError)) throw error;
          blame(id, error);
          if (error.code === "dishonest") throw new LibraryError("dishonest", error.message);
          if (error.code !== "lost" || attempt === LIMITS.attempts) throw error;
        }
      }
    } finally {
      fetching.delete(id);
      events.onChange();
    }
  }

  async function make(object: Uint8Array, shape: ReturnType<typeof shapeOf>, own: readonly number[] | null, head: HeadNote | null): Promise<ObjectId> {
    if (object.length > LIMITS.objectBytes) throw new LibraryError("oversized", `an object has at most ${LIMITS.objectBytes} bytes; publish it in parts`);
    if (stock.laidBytes + 2 * object.length > LIMITS.deskBytes) throw new LibraryError("oversized", "too much that was published waits for devices to keep it; wait for them");
    const shards: Shards = new Map();
    const manifest = await encodeObject(shape, object, { withCoder, subtle, signal: closing.signal }, (shard) => own?.includes(shard) ?? true, (segment, shard, bytes) => shards.set(shardKey(segment, shard), bytes));
    const frame = await sealManifest(manifest, sign);
    const { id, author } = await openFrame(frame, authorOf);
    closing.signal.throwIfAborted();
    stock.lay(id, shards);
    dispatch({ type: "made", id, manifest, frame, author, head, passing: own === null, own: own ?? [] });
    // What is kept is read from the shelf from now on.
    if (own !== null) stock.clear(id);
    return id;
  }

  return {
    async open() {
      const { objects, shards } = await shelf.list();
      for (const [id, bytes] of objects) {
        const mine = shards.filter(({ object }) => object === id);
        try {
          const { room: of, frame, head } = decodeNote(bytes);
          const found = await openFrame(frame, authorOf);
          if (!sameBytes(of, room) || found.id !== id || mine.length === 0) throw new WireError("malformed", "a manifest of another room or object");
          stock.shelved(id);
          dispatch({ type: "made", ...found, frame, head, passing: false, own: [] });
          for (const { segment, shard, bytes: length, at } of mine) dispatch({ type: "kept", id, segment, shard, bytes: length, at });
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          await shelf.drop(id, null); // of an older version, or damaged
        }
      }
    },
    named: (self) => dispatch({ type: "named", self }),
    reachable: (peers) => dispatch({ type: "reachable", peers }),
    receive(from, bytes) {
      const expected = (place: { id: ObjectId; segment: number; shard: number }): Manifest | null =>
        wasAsked(state, from, place) ? (state.known.get(place.id)?.manifest ?? null) : null;
      takeIn(bytes, expected, authorOf, subtle).then(
        (arrival) => dispatch({ type: "arrival", from, arrival }),
        (error: unknown) => {
          if (error instanceof WireError && error.code !== "version") dispatch({ type: "malformed", from, error });
          else if (!(error instanceof WireError)) events.onProblem(error);
        },
      );
    },
    tick: () => dispatch({ type: "tick" }),
    lend: (bytes) => dispatch({ type: "lend", bytes }),
    publish(object) {
      const lenders = [...state.peers.values()].filter((peer) => peer.lends > 0).length;
      return make(object, shapeOf(lenders, { left: state.left, stayed: lenders }, 1 / 2), null, null);
    },
    async keepCheckpoint({ bytes, head, contributors, churn }) {
      const { self } = state;
      if (self === null || state.lends === 0) return;
      const shape = shapeOf(contributors.length, churn, 1 / 4);
      const own = ownShards(head.root, shape.k + shape.m, contributors, self);
      if (own.length > 0) await make(bytes, shape, own, head);
    },
    fetch,
    hasHeard: (peer) => state.peers.has(peer),
    announcedHead: (weight) => announcedHead(state, weight),
    get view() {
      return libraryView(state, shelf.where, fetching, wrong);
    },
    async close() {
      closing.abort(new LibraryError("stopped", "the device has left the room"));
      await stock.idle();
    },
  };
}

