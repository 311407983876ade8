import { describe, expect, it } from "vitest";
import { createIssuer } from "../identity/keys.ts";
import { genesisHead, type Head } from "../swarm/state.ts";
import { modelHash } from "../swarm/head.ts";
import { rootOf, taskHash, type CommitRecord } from "../swarm/record.ts";
import { enrolled } from "../swarm/roll.ts";
import type { PeerId } from "../wire/ids.ts";
import { WireError } from "../wire/codec.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { roomCredential } from "./credential.ts";
import { createGuard } from "./guard.ts";
import { openLibrary } from "./library.ts";
import { manifestAuthor, signManifest } from "./library-author.ts";
import type { Presence } from "./presence.ts";
import { roomKeys, systemRandom } from "./room.ts";

const task = taskHash({ name: "a task" });
const room = roomKeys({ secret: "A".repeat(43), server: "ws://127.0.0.1", iceServers: [], relayOnly: false }, task);
const genesis = genesisHead(task, new Int32Array(5_000));

function after({ record, root, outer, shared }: Head, contributors: readonly PeerId[], fill: number): Head {
  const params = new Int32Array(5_000).fill(fill);
  const members = [...contributors].sort();
  const next: CommitRecord = { ...record, round: record.round + 1, prev: root, ...enrolled({ contributors: members, members, rows: [] }), model: modelHash({ params, outer, shared }), weight: record.weight + members.length };
  return { record: next, root: rootOf(next), roll: { contributors: members, members, node: 0, rows: [] }, params, outer, shared };
}

/** Devices whose messages reach each other at once. */
function createAir() {
  const lanes = new Map<PeerId, Awaited<ReturnType<typeof openLibrary>>["lane"]>();
  const problems: unknown[] = [];
  const meet = (): void => lanes.forEach((lane, id) => lane.reachable([...lanes.keys()].filter((other) => other !== id)));
  return {
    problems,
    async join() {
      const library = await openLibrary({ slot: 0, room, lends: null, now: () => performance.now(), startCodingWorkers: () => null, onChange: () => undefined, onProblem: (problem) => problems.push(problem) });
      const credential = roomCredential(room, 0, systemRandom);
      const { self } = credential;
      const presence: Pick<Presence, "self" | "guard" | "broadcast" | "send"> = {
        self,
        guard: createGuard(room, credential, [room.issuer.P], systemRandom),
        broadcast: (bytes) => lanes.forEach((lane, id) => id !== self && queueMicrotask(() => lane.receive(self, bytes.slice()))),
        send: async (to, bytes) => queueMicrotask(() => lanes.get(to)?.receive(self, bytes.slice())),
      };
      library.lane.entered(presence as Presence, credential);
      lanes.set(self, library.lane);
      meet();
      return { self, library };
    },
    leave(self: PeerId) {
      lanes.get(self)!.left();
      lanes.delete(self);
      meet();
    },
  };
}

const soon = async (done: () => boolean): Promise<void> => {
  for (let waited = 0; !done() && waited < 4_000; waited += 20) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(done()).toBe(true);
};

describe("a checkpoint among devices", () => {
  it("is kept in parts by those who committed it, and had by one who comes when some of them have gone", async () => {
    const air = createAir();
    const members = [await air.join(), await air.join(), await air.join()];
    let head: Head = genesis;
    for (const fill of [3, 4]) {
      const next = after(head, members.map(({ self }) => self), fill);
      for (const { library } of members) library.committed(head, next);
      head = next;
      await soon(() => members.every(({ library }) => library.view.objects.some((object) => object.head?.root === next.root && object.held.length === 2)));
    }
    expect(new Set(members.flatMap(({ library }) => library.view.objects.find((object) => object.head?.root === head.root)!.held)).size).toBe(6);
    air.leave(members[0]!.self);

    const newcomer = await air.join();
    expect(await newcomer.library.newest(genesis)).toEqual(head);
    // Whoever is as far has nothing to fetch.
    expect(await newcomer.library.newest(head)).toBeNull();
    expect(air.problems).toEqual([]);
    for (const { self } of [...members.slice(1), newcomer]) air.leave(self);
  });

  it("is not waited for where nobody is, and all that is kept can be forgotten", async () => {
    const air = createAir();
    const alone = await air.join();
    expect(await alone.library.newest(genesis)).toBeNull();
    const next = after(genesis, [alone.self], 1);
    alone.library.committed(genesis, next);
    await soon(() => alone.library.view.shards === 6);
    alone.library.forget();
    expect(alone.library.view).toMatchObject({ shards: 0, used: 0 });
    expect(alone.library.view.lends).toBeGreaterThan(0);
    air.leave(alone.self);
    await expect(alone.library.publish(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: "stopped" });
  });

  it("is taken for what its name says, and for nothing else", () => {
    const head = after(genesis, [roomCredential(room, 0, systemRandom).self], 7);
    const bytes = encodeCheckpoint(head);
    expect(decodeCheckpoint(bytes, head.root, task, genesis)).toEqual(head);
    const changed = bytes.slice();
    changed[changed.length - 1]! ^= 1;
    for (const [wrong, root, of] of [[changed, head.root, task], [bytes, genesis.root, task], [bytes, head.root, taskHash("another")], [bytes.subarray(0, 3), head.root, task], [bytes.subarray(0, 60), head.root, task], [bytes.subarray(1), head.root, task]] as const) {
      expect(() => decodeCheckpoint(wrong, root, of, genesis)).toThrow(WireError);
    }
  });
});

describe("a manifest's author", () => {
  const bytes = Uint8Array.of(1, 2, 3);

  it("is known in the room by its pseudonym, in a later epoch too", () => {
    const credential = roomCredential(room, 4, systemRandom);
    expect(manifestAuthor(room, [room.issuer.P], bytes, signManifest(room, credential, bytes, systemRandom))).toBe(credential.self);
  });

  it("is nobody where anything is changed, the issuer is another, or the room is", () => {
    const credential = roomCredential(room, 0, systemRandom);
    const signature = signManifest(room, credential, bytes, systemRandom);
    expect(manifestAuthor(room, [room.issuer.P], Uint8Array.of(1, 2, 4), signature)).toBeNull();
    for (const at of [0, 20, 80, 140]) {
      const changed = signature.slice();
      changed[at]! ^= 1;
      expect(manifestAuthor(room, [room.issuer.P], bytes, changed)).toBeNull();
    }
    expect(manifestAuthor(room, [room.issuer.P], bytes, signature.subarray(1))).toBeNull();
    expect(manifestAuthor(room, [createIssuer(systemRandom).P], bytes, signature)).toBeNull();
    const other = roomKeys({ secret: "B".repeat(43), server: "ws://127.0.0.1", iceServers: [], relayOnly: false }, task);
    expect(manifestAuthor(other, [room.issuer.P], bytes, signature)).toBeNull();
  });
});
