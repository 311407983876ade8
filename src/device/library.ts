import { createLibrarian, type Librarian, type LibrarianDeps } from "../library/librarian.ts";
import { isLibrary } from "../library/message.ts";
import { LibraryError } from "../library/errors.ts";
import { LIBRARY_LIMITS } from "../library/limits.ts";
import type { LibraryView } from "../library/view.ts";
import { CodingError } from "../coding/errors.ts";
import { MeshError } from "../mesh/errors.ts";
import { openShardStore } from "../store/shards.ts";
import { modelSize } from "../swarm/head.ts";
import type { Head } from "../swarm/state.ts";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Credential } from "./credential.ts";
import { manifestAuthor, signManifest } from "./library-author.ts";
import { createCoders, type StartCodingWorkers } from "./library-coders.ts";
import type { Presence } from "./presence.ts";
import { type RoomKeys, systemRandom } from "./room.ts";

const LIMITS = {
  tick: 250,
  /** Bytes lent where the person has said nothing. */
  lend: 64_000_000,
  /** How long a newcomer waits for the others to say which checkpoints they hold, and for the last one itself. */
  listen: 1_500,
  fetchHead: 15_000,
  look: 50,
} as const;

/** Bytes of a commit record and its length. */
const RECORD_AT_MOST = 4_100;

/** What a stay in a room tells the library: by which name it is there, who is, and what came for it. */
export interface LibraryLane {
  entered(presence: Presence, credential: Credential): void;
  /** Between two epochs, and after the last. */
  left(): void;
  reachable(peers: readonly PeerId[]): void;
  receive(from: PeerId, bytes: Uint8Array): void;
}

export { isLibrary };

/** Memory that this device lends to the others of a room, and what it wants of theirs. */
export interface DeviceLibrary extends Pick<Librarian, "publish"> {
  readonly lane: LibraryLane;
  readonly view: LibraryView;
  lend(bytes: number): void;
  /** @throws LibraryError, CodingError */
  fetch(id: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends the fetching of this object, which then fails. */
  stop(id: string): void;
  /** This head was committed after that one: its part of the checkpoint is kept. */
  committed(previous: Head | null, head: Head): void;
  /** The last head that the others hold, if it is ahead of this one and can be had soon. */
  newest(head: Head): Promise<Head | null>;
  /** Drops all that is kept. */
  forget(): void;
}

export interface DeviceLibraryDeps {
  slot: number;
  room: RoomKeys;
  /** Null where the person has said nothing. */
  lends: number | null;
  now: () => number;
  startCodingWorkers: StartCodingWorkers;
  onChange(): void;
  onProblem(error: unknown): void;
}

export async function openLibrary({ slot, room, lends, now, startCodingWorkers, onChange, onProblem }: DeviceLibraryDeps): Promise<DeviceLibrary> {
  const shelf = await openShardStore(slot, { subtle: crypto.subtle, storage: globalThis.navigator?.storage });
  const fetches = new Map<string, AbortController>();
  let here: { presence: Presence; credential: Credential; left: AbortController } | null = null;
  let reachable: readonly PeerId[] = [];
  let ticking: ReturnType<typeof setInterval> | undefined;
  let lent = lends ?? LIMITS.lend;
  /** There is something to be shown from then on. */
  let opened = false;

  const transport: Pick<LibrarianDeps, "broadcast" | "send"> = {
    broadcast(bytes) {
      if (here === null) return;
      try {
        here.presence.broadcast(bytes, "shards");
      } catch (error) {
        unsent(error);
      }
    },
    async send(to, bytes) {
      if (here === null) return;
      await here.presence.send(to, bytes, here.left.signal, "shards").catch(unsent);
    },
  };

  const librarian = createLibrarian({
    shelf,
    room: room.hash,
    subtle: crypto.subtle,
    withCoder: createCoders(startCodingWorkers),
    now,
    lends: lent,
    sign(bytes) {
      if (here === null) throw new LibraryError("stopped", "only whoever is in a room can publish; join first");
      return signManifest(room, here.credential, bytes, systemRandom);
    },
    authorOf: (bytes, signature) => manifestAuthor(room, [...(here?.presence.guard.issuers ?? []), room.issuer.P], bytes, signature),
    ...transport,
    events: { onChange: () => opened && onChange(), onWrong: () => undefined, onProblem },
  });
  await librarian.open();
  opened = true;

  /** Every answer is here soon or late, so that all waits are bounded. */
  async function heardAll(weight: number): Promise<void> {
    for (let waited = 0; waited < LIMITS.listen; waited += LIMITS.look) {
      if (reachable.every((peer) => librarian.hasHeard(peer)) || librarian.announcedHead(weight)) return;
      await new Promise((resolve) => setTimeout(resolve, LIMITS.look));
    }
  }

  return {
    lane: {
      entered(presence, credential) {
        here?.left.abort();
        here = { presence, credential, left: new AbortController() };
        librarian.named(presence.self);
        ticking ??= setInterval(() => librarian.tick(), LIMITS.tick);
      },
      left() {
        here?.left.abort();
        here = null;
        reachable = [];
        librarian.named(null);
        clearInterval(ticking);
        ticking = undefined;
      },
      reachable(peers) {
        reachable = peers;
        librarian.reachable(peers);
      },
      receive: (from, bytes) => librarian.receive(from, bytes),
    },
    get view() {
      return librarian.view;
    },
    lend(bytes) {
      lent = bytes;
      librarian.lend(bytes);
    },
    publish: (object) => librarian.publish(object),
    async fetch(id) {
      const stop = fetches.get(id) ?? new AbortController();
      fetches.set(id, stop);
      try {
        return await librarian.fetch(id, stop.signal);
      } finally {
        fetches.delete(id);
      }
    },
    stop: (id) => fetches.get(id)?.abort(new LibraryError("stopped", "the fetching was stopped")),
    committed(previous, next) {
      const { record, root, roll: { contributors } } = next;
      const before = previous?.roll.members ?? [];
      const stayed = before.filter((peer) => contributors.includes(peer)).length;
      // A model too large for one object is had from the swarm alone.
      // So is one of a large room, where devices hold different rolls.
      if (next.roll.rows.length > 0) return;
      if (modelSize(next) + RECORD_AT_MOST > LIBRARY_LIMITS.objectBytes) return;
      const head = { root, round: record.round, weight: record.weight };
      librarian
        .keepCheckpoint({ bytes: encodeCheckpoint(next), head, contributors, churn: { left: before.length - stayed, stayed } })
        .catch(onProblem);
    },
    async newest(own) {
      const { record } = own;
      await heardAll(record.weight);
      const announced = librarian.announcedHead(record.weight);
      if (announced === null) return null;
      try {
        const bytes = await librarian.fetch(announced.id, AbortSignal.timeout(LIMITS.fetchHead));
        const head = decodeCheckpoint(bytes, announced.head.root, record.task, own);
        return head.record.weight > record.weight ? head : null;
      } catch (error) {
        // The swarm has it too, and takes longer.
        if (error instanceof LibraryError || error instanceof CodingError || error instanceof WireError || error instanceof DOMException) return null;
        throw error;
      }
    },
    forget() {
      librarian.lend(0);
      librarian.lend(lent);
    },
  };
}

/** The receiver is gone, or asks again. */
function unsent(error: unknown): void {
  if (!(error instanceof MeshError)) throw error;
}
