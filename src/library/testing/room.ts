import { createHash } from "node:crypto";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { createCoder } from "../../coding/coder.ts";
import type { Digest } from "../../coding/hash.ts";
import { peerIdBytes, peerIdOf, type PeerId } from "../../wire/ids.ts";
import { createLibrarian, type Librarian, type LibrarianDeps } from "../librarian.ts";
import { decodeLibrary, type LibraryMessage } from "../message.ts";
import type { Shelf } from "../stock.ts";

/** SHA-256 that is done at once, so that a test's time is the room's alone. */
export const subtle: Digest = {
  digest: (_, data) => Promise.resolve(new Uint8Array(createHash("sha256").update(data as Uint8Array).digest()).buffer),
};

export const peer = (index: number): PeerId => peerIdOf(sha256(utf8ToBytes(`device ${index}`)).subarray(0, 16));

const tagOf = (id: PeerId, bytes: Uint8Array): Uint8Array => sha256(concatBytes(peerIdBytes(id), utf8ToBytes("signs"), bytes));

/** A signature that whoever is in the room can check, and make: for tests alone. */
export const signAs =
  (id: PeerId) =>
  (bytes: Uint8Array): Uint8Array =>
    concatBytes(peerIdBytes(id), tagOf(id, bytes));

export interface TestShelf extends Shelf {
  readonly files: Map<string, Uint8Array>;
}

export function testShelf(): TestShelf {
  const files = new Map<string, Uint8Array>();
  return {
    where: "memory",
    files,
    async list() {
      const objects = new Map<string, Uint8Array>();
      const shards = [];
      for (const [path, bytes] of files) {
        const [object, segment, shard] = path.split(" ") as [string, string | undefined, string | undefined];
        if (segment === undefined) objects.set(object, bytes);
        else shards.push({ object, segment: Number(segment), shard: Number(shard), bytes: bytes.length, at: 0 });
      }
      return { objects, shards };
    },
    async putObject(object, bytes) {
      files.set(object, bytes);
      return true;
    },
    async put({ object, segment, shard }, bytes) {
      files.set(`${object} ${segment} ${shard}`, bytes.slice());
      return true;
    },
    async get({ object, segment, shard }, hash) {
      const bytes = files.get(`${object} ${segment} ${shard}`);
      return bytes && bytesToHex(sha256(bytes)) === bytesToHex(hash) ? bytes : null;
    },
    async drop(object, shard) {
      for (const path of files.keys()) if (path.startsWith(object) && (shard === null || path.endsWith(` ${shard}`))) files.delete(path);
    },
  };
}

export interface Member {
  id: PeerId;
  librarian: Librarian;
  shelf: TestShelf;
  wrong: [string, Error][];
  problems: unknown[];
}

export interface MemberOptions {
  lends?: number;
  shelf?: TestShelf;
  /** Changes what it sends to one peer; null sends nothing. */
  tamper?(bytes: Uint8Array): Uint8Array | null;
}

const coder = createCoder();
let turn: Promise<unknown> = Promise.resolve();

/** One coder for all of a test, one piece of work after the other. */
export const withCoder: LibrarianDeps["withCoder"] = (_, work) => {
  const result = turn.then(() => work(coder));
  turn = result.catch(() => undefined); // the failure belongs to whoever asked
  return result;
};

type Node = Pick<Librarian, "receive" | "reachable" | "tick">;

/** A room of devices over a network that loses nothing, on a clock of its own. */
export function createRoom() {
  let now = 1_000;
  const nodes = new Map<PeerId, Node>();
  /** Messages that are on their way. */
  const mail: (() => void)[] = [];

  const authorOf: LibrarianDeps["authorOf"] = (bytes, signature) => {
    const id = signature.length === 48 ? peerIdOf(signature.subarray(0, 16)) : null;
    return id && bytesToHex(tagOf(id, bytes)) === bytesToHex(signature.subarray(16)) ? id : null;
  };

  const toOne = (from: PeerId, to: PeerId, bytes: Uint8Array): void => void mail.push(() => nodes.get(to)?.receive(from, bytes.slice()));
  const toAll = (from: PeerId, bytes: Uint8Array): void => [...nodes.keys()].forEach((to) => to !== from && toOne(from, to, bytes));

  function meet(): void {
    for (const [id, node] of nodes) node.reachable([...nodes.keys()].filter((other) => other !== id));
  }

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      for (let next = mail.shift(); next; next = mail.shift()) {
        next();
        quiet = 0;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    get now() {
      return now;
    },
    async join(index: number, { lends = 1e6, shelf = testShelf(), tamper = (bytes) => bytes }: MemberOptions = {}): Promise<Member> {
      const id = peer(index);
      const member: Member = {
        id,
        shelf,
        wrong: [],
        problems: [],
        librarian: createLibrarian({
          shelf,
          room: new Uint8Array(16),
          subtle,
          withCoder,
          now: () => now,
          lends,
          sign: signAs(id),
          authorOf,
          broadcast(bytes) {
            toAll(id, bytes);
          },
          async send(to, bytes) {
            const sent = tamper(bytes);
            if (sent) toOne(id, to, sent);
          },
          events: {
            onChange: () => undefined,
            onWrong: (who, error) => member.wrong.push([who, error]),
            onProblem: (problem) => member.problems.push(problem),
          },
        }),
      };
      await member.librarian.open();
      member.librarian.named(id);
      nodes.set(id, member.librarian);
      meet();
      return member;
    },
    async leave({ id, librarian }: Member): Promise<void> {
      nodes.delete(id);
      await librarian.close();
      meet();
    },
    /** A device that sends what it likes: it answers what reaches it with what `answer` makes of it. */
    async stranger(index: number, says: Uint8Array, answer: (message: LibraryMessage) => Uint8Array | null): Promise<void> {
      const id = peer(index);
      nodes.set(id, {
        receive(from, bytes) {
          const reply = answer(decodeLibrary(bytes));
          if (reply) toOne(id, from, reply);
        },
        reachable: () => toAll(id, says),
        tick: () => undefined,
      });
      meet();
    },
    /** Bytes from one to another, as they are. */
    post: toOne,
    async run(milliseconds: number): Promise<void> {
      await settle();
      for (const end = now + milliseconds; now < end; ) {
        now += 250;
        for (const node of nodes.values()) node.tick();
        await settle();
      }
    },
    /** The outcome of something that takes the room's time. */
    async until<T>(work: Promise<T>, atMost = 120_000): Promise<T> {
      let done = false;
      const watched = work.finally(() => (done = true));
      watched.catch(() => undefined); // whoever awaits it below sees it
      for (const end = now + atMost; !done && now < end; ) await this.run(250);
      if (!done) throw new Error(`not done within ${atMost} ms of the room's time`);
      return watched;
    },
  };
}

export type Room = ReturnType<typeof createRoom>;

/** A published object in a room of devices that keep it, its publisher gone. */
export async function publishedAmong(room: Room, devices: number, object: Uint8Array, options: (index: number) => MemberOptions = () => ({})): Promise<{ id: string; keepers: Member[] }> {
  const keepers = [];
  for (let index = 0; index < devices; index++) keepers.push(await room.join(index, options(index)));
  const publisher = await room.join(1_000, { lends: 0 });
  await room.run(1_000);
  const id = await room.until(publisher.librarian.publish(object));
  await room.run(3_000);
  await room.leave(publisher);
  await room.run(500);
  return { id, keepers };
}
