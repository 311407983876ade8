import { describe, expect, it } from "vitest";
import { sealTask } from "../learn/signed-task.ts";
import type { TaskManifest } from "../learn/task.ts";
import { breastCancerTask } from "../learn/tasks/breast-cancer.ts";
import { memoryStore, type Store } from "../store/store.ts";
import { taskHash } from "../swarm/record.ts";
import type { PeerId } from "../wire/ids.ts";
import { type Board, openBoard } from "./board.ts";
import { decodeBoard, encodeBoard, isBoard } from "./board-wire.ts";
import type { Presence } from "./presence.ts";
import { boardKeys, taskSigner } from "./task-author.ts";

const room = { secret: "A".repeat(43), server: "ws://127.0.0.1", iceServers: [], relayOnly: false };
const elsewhere = { ...room, secret: "B".repeat(42) + "A" };
const taskOf = (seed: number): TaskManifest => ({ ...breastCancerTask, name: "cells", seed });
const peer = (n: number): PeerId => n.toString(16).padStart(32, "0") as PeerId;

/** Boards that hear each other at once. */
function createAir() {
  const boards = new Map<PeerId, Board>();
  const clock = { now: 1_000 };
  const sent: { from: PeerId; kind: string }[] = [];
  const lost = new Set<string>();
  const deliver = (from: PeerId, to: PeerId, bytes: Uint8Array) => boards.get(to)?.lane.receive(from, bytes);
  return {
    clock,
    sent,
    /** Kinds of messages that nobody gets. */
    lost,
    deliver,
    async join(n: number, store: Store = memoryStore(), most = 9): Promise<Board> {
      const self = peer(n);
      const board = await openBoard({ room, store, most, now: () => clock.now, onChange: () => undefined, onProblem: (error) => expect.unreachable(String(error)) });
      const note = (bytes: Uint8Array) => void sent.push({ from: self, kind: decodeBoard(bytes).kind });
      const presence = {
        self,
        broadcast(bytes: Uint8Array) {
          note(bytes);
          if (lost.has(decodeBoard(bytes).kind)) return;
          for (const to of boards.keys()) if (to !== self) deliver(self, to, bytes);
        },
        async send(to: PeerId, bytes: Uint8Array) {
          note(bytes);
          deliver(self, to, bytes);
        },
      } as unknown as Presence;
      boards.set(self, board);
      board.lane.entered(presence, undefined as never);
      for (const [id, one] of boards) one.lane.reachable([...boards.keys()].filter((other) => other !== id));
      return board;
    },
    end: () => boards.forEach((board) => board.lane.left()),
  };
}

const hashes = (board: Board): string[] => board.tasks.map(({ hash }) => hash).sort();

describe("a room's board", () => {
  it("has a posted task on every device, also on who comes later, and on the next visit", async () => {
    const air = createAir();
    const store = memoryStore();
    const [author, other] = [await air.join(1), await air.join(2, store)];
    const hash = await author.post(taskOf(1));
    expect(hash).toBe(taskHash(taskOf(1)));
    expect(other.tasks).toMatchObject([{ hash, manifest: taskOf(1), mine: false }]);
    expect(author.tasks[0]!.mine).toBe(true);
    expect(hashes(await air.join(3))).toEqual([hash]);
    air.end();
    const again = await openBoard({ room, store, now: () => 2_000, onChange: () => undefined, onProblem: () => undefined });
    expect(again.find(hash)).toEqual(taskOf(1));
  });

  it("takes only what it asked for, of whom it asked, as a member of this room signed it", async () => {
    const air = createAir();
    const board = await air.join(1);
    const seal = (at: typeof room, task = taskOf(7)) => encodeBoard({ kind: "task", sealed: sealTask(task, taskSigner(boardKeys(at))) });
    const have = (task: TaskManifest) => encodeBoard({ kind: "have", tasks: [taskHash(task)] });
    board.lane.reachable([peer(8), peer(9)]);
    air.deliver(peer(9), peer(1), seal(room));
    expect(board.tasks).toEqual([]);
    air.deliver(peer(9), peer(1), have(taskOf(7)));
    air.deliver(peer(8), peer(1), seal(room));
    air.deliver(peer(9), peer(1), seal(elsewhere));
    air.deliver(peer(9), peer(1), seal(room, taskOf(8)));
    const changed = seal(room);
    changed[200]! ^= 1;
    air.deliver(peer(9), peer(1), changed);
    air.deliver(peer(9), peer(1), Uint8Array.of(changed[0]!, 1, 2, 3));
    expect(board.tasks).toEqual([]);
    air.deliver(peer(9), peer(1), seal(room));
    expect(hashes(board)).toEqual([taskHash(taskOf(7))]);
    air.end();
  });

  it("keeps to its bounds: the oldest of others' tasks goes, one's own stay", async () => {
    const air = createAir();
    const [author, other] = [await air.join(1), await air.join(2, memoryStore(), 2)];
    const own = await other.post(taskOf(0));
    for (let seed = 1; seed <= 3; seed++) await author.post(taskOf(seed));
    expect(other.tasks).toHaveLength(2);
    expect(other.find(own)).not.toBeNull();
    await other.post(taskOf(8));
    await expect(other.post(taskOf(9))).rejects.toThrow("take some off first");
    await expect(author.post({ ...taskOf(1), title: { en: "", uk: "" } })).rejects.toThrow("title");
    air.end();
  });

  it("does not bring back what the person took off, unless a link asks for it", async () => {
    const air = createAir();
    const [author, other] = [await air.join(1), await air.join(2)];
    const hash = await author.post(taskOf(1));
    await other.hide(hash);
    await author.post(taskOf(2));
    expect(hashes(other)).toEqual([taskHash(taskOf(2))]);
    const found = other.fetch(hash, new AbortController().signal);
    await author.post(taskOf(3));
    expect(await found).toEqual(taskOf(1));
    air.end();
  });

  it("looks for a task by its hash until somebody has it, or until it is told to stop", async () => {
    const air = createAir();
    const late = await air.join(1);
    const found = late.fetch(taskHash(taskOf(4)), new AbortController().signal);
    await (await air.join(2)).post(taskOf(4));
    expect(await found).toEqual(taskOf(4));
    await expect(late.fetch(taskHash(taskOf(5)), AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
    air.end();
  });

  it("asks those who are there one after another for a task that is waited for, though what they have was not heard", async () => {
    const air = createAir();
    air.lost.add("have");
    const [late, , author] = [await air.join(1), await air.join(2), await air.join(3)];
    const hash = await author.post(taskOf(1));
    const found = late.fetch(hash, new AbortController().signal);
    air.clock.now += 11_000;
    late.lane.reachable([peer(2), peer(3)]);
    expect(await found).toEqual(taskOf(1));
    expect(hashes(late)).toEqual([hash]);
    air.end();
  });

  it("is told from other messages by its first byte", () => {
    expect(isBoard(encodeBoard({ kind: "want", task: "ab".repeat(32) }))).toBe(true);
    expect(decodeBoard(encodeBoard({ kind: "have", tasks: ["ab".repeat(32)] }))).toEqual({ kind: "have", tasks: ["ab".repeat(32)] });
    expect(isBoard(Uint8Array.of(0x40))).toBe(false);
  });
});
