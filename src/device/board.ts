import { bytesToHex } from "@noble/hashes/utils.js";
import { TaskError } from "../learn/errors.ts";
import { openTask, sealTask } from "../learn/signed-task.ts";
import { checkTask, type TaskManifest } from "../learn/task.ts";
import { MeshError } from "../mesh/errors.ts";
import type { KeptBoard, Store } from "../store/store.ts";
import { taskHash } from "../swarm/record.ts";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import type { PostedTask, Room } from "./api.ts";
import { BOARD_LIMITS as LIMITS, type BoardMessage, decodeBoard, encodeBoard } from "./board-wire.ts";
import { isLibrary, type LibraryLane } from "./library.ts";
import type { Presence } from "./presence.ts";
import { boardKeys, taskSigner, taskVerifier } from "./task-author.ts";

/** A room's tasks, as this device has heard of them. Each is signed; nobody runs the board. */
export interface Board {
  /** What goes on in the room under the device's present name. */
  readonly lane: LibraryLane;
  readonly tasks: PostedTask[];
  /** Counts the changes of `tasks`. */
  readonly version: number;
  /** Signs a task, keeps it and tells the room of it. @returns its hash @throws TaskError */
  post(json: unknown): Promise<string>;
  /** Off this device's board, for good. */
  hide(hash: string): Promise<void>;
  find(hash: string): TaskManifest | null;
  /** Asks whoever has it, until it is here. @throws the signal's reason */
  fetch(hash: string, signal: AbortSignal): Promise<TaskManifest>;
}

interface Entry extends PostedTask {
  sealed: Uint8Array;
}

export interface BoardDeps {
  room: Room;
  store: Pick<Store, "get" | "put">;
  now: () => number;
  onChange(): void;
  onProblem(error: unknown): void;
  /** Tasks that are kept, where a test wants few. */
  most?: number;
}

export async function openBoard({ room, store, now, onChange, onProblem, most = LIMITS.tasks }: BoardDeps): Promise<Board> {
  const keys = boardKeys(room);
  const verify = taskVerifier(keys);
  const name = bytesToHex(keys.hash);
  const entries = new Map<string, Entry>();
  const hidden = new Set<string>();
  /** `told`: whoever is asked has said that it has it. */
  const asked = new Map<string, { peer: PeerId; told: boolean; until: number }>();
  const given = new Map<PeerId, { count: number; since: number }>();
  const holders = new Map<string, Set<PeerId>>();
  const waiting = new Map<string, Set<() => void>>();
  let here: { presence: Presence; left: AbortController } | null = null;
  let reachable: readonly PeerId[] = [];
  let saidAt = -Infinity;
  let turn = 0;
  let ticking: ReturnType<typeof setInterval> | undefined;
  let version = 0;

  const kept = (await store.get("boards")) ?? {};
  for (const hash of kept[name]?.hidden ?? []) hidden.add(hash);
  for (const { sealed, at, mine } of kept[name]?.tasks ?? []) {
    const entry = read(sealed, at, mine);
    if (entry) entries.set(entry.hash, entry);
  }

  /** Null for what is no task of this room. */
  function read(sealed: Uint8Array, at: number, mine: boolean): Entry | null {
    try {
      const { task } = openTask(sealed, verify);
      return { hash: taskHash(task), manifest: task, at, mine, sealed };
    } catch (error) {
      if (error instanceof TaskError || error instanceof WireError) return null;
      throw error;
    }
  }

  async function keep(): Promise<void> {
    const board: KeptBoard = { at: now(), tasks: [...entries.values()].map(({ sealed, at, mine }) => ({ sealed, at, mine })), hidden: [...hidden].slice(-LIMITS.hidden) };
    const boards = Object.entries({ ...((await store.get("boards")) ?? {}), [name]: board });
    await store.put({ boards: Object.fromEntries(boards.sort(([, a], [, b]) => b.at - a.at).slice(0, LIMITS.rooms)) });
  }

  /** A person's own stay; of the others the oldest goes where there are too many. */
  function put(entry: Entry): void {
    entries.set(entry.hash, entry);
    const others = [...entries.values()].filter(({ mine }) => !mine).sort((a, b) => a.at - b.at);
    const [oldest] = entries.size > most ? others : [];
    if (oldest) entries.delete(oldest.hash);
    version++;
    waiting.get(entry.hash)?.forEach((wake) => wake());
    keep().catch(onProblem);
    onChange();
  }

  function say(message: BoardMessage, to: PeerId | null): void {
    if (here === null) return;
    const bytes = encodeBoard(message);
    try {
      if (to === null) here.presence.broadcast(bytes, "tasks", true);
      else here.presence.send(to, bytes, here.left.signal, "tasks").catch(unsent);
    } catch (error) {
      unsent(error);
    }
  }

  function announce(): void {
    saidAt = now();
    if (entries.size > 0 && reachable.length > 0) say({ kind: "have", tasks: [...entries.keys()] }, null);
  }

  /**
   * Whom to ask for a task: once each who says that it is there, and for one that is waited for all who are here, one
   * after another, for what they said may have been lost or come too early.
   */
  function holderOf(hash: string): { peer: PeerId; told: boolean } | null {
    const peers = holders.get(hash);
    const holder = [...(peers ?? [])].find((one) => reachable.includes(one));
    if (holder !== undefined) {
      peers!.delete(holder);
      return { peer: holder, told: true };
    }
    return waiting.has(hash) && reachable.length > 0 ? { peer: reachable[turn++ % reachable.length]!, told: false } : null;
  }

  /** What others have and this device has not, from one of them at a time. */
  function ask(): void {
    for (const [hash, { until }] of asked) if (until < now()) asked.delete(hash);
    for (const hash of new Set([...waiting.keys(), ...holders.keys()])) {
      if (asked.size >= LIMITS.asked) return;
      if (entries.has(hash) || asked.has(hash) || (hidden.has(hash) && !waiting.has(hash))) continue;
      const holder = holderOf(hash);
      if (holder === null) continue;
      asked.set(hash, { ...holder, until: now() + LIMITS.patience });
      say({ kind: "want", task: hash }, holder.peer);
    }
  }

  function tick(): void {
    if (now() - saidAt > LIMITS.again) announce();
    ask();
  }

  function mayGive(peer: PeerId): boolean {
    const before = given.get(peer);
    const turn = before && now() - before.since < LIMITS.turn ? before : { count: 0, since: now() };
    given.set(peer, { ...turn, count: turn.count + 1 });
    return turn.count < LIMITS.given;
  }

  function handle(from: PeerId, message: BoardMessage): void {
    switch (message.kind) {
      case "have":
        for (const hash of message.tasks) {
          if (entries.has(hash)) continue;
          holders.set(hash, (holders.get(hash) ?? new Set()).add(from));
          // Nobody waits for whoever was asked on chance.
          if (asked.get(hash)?.told === false) asked.delete(hash);
        }
        return ask();
      case "want": {
        const entry = entries.get(message.task);
        if (entry && mayGive(from)) say({ kind: "task", sealed: entry.sealed }, from);
        return;
      }
      case "task": {
        // Only what was asked for, of whom it was asked; the signature is checked before the task is read.
        const own = [...asked].filter(([, { peer }]) => peer === from);
        const entry = own.length > 0 ? read(message.sealed, now(), false) : null;
        const wanted = own.find(([hash]) => hash === entry?.hash);
        if (!entry || !wanted) return;
        asked.delete(entry.hash);
        holders.delete(entry.hash);
        put(entry);
        return ask();
      }
    }
  }

  return {
    lane: {
      entered(presence) {
        here?.left.abort();
        here = { presence, left: new AbortController() };
        reachable = [];
        ticking ??= setInterval(tick, LIMITS.tick);
      },
      left() {
        here?.left.abort();
        here = null;
        reachable = [];
        holders.clear();
        asked.clear();
        clearInterval(ticking);
        ticking = undefined;
      },
      reachable(peers) {
        const news = peers.some((peer) => !reachable.includes(peer));
        reachable = peers;
        if (news) announce();
        ask();
      },
      receive(from, bytes) {
        try {
          handle(from, decodeBoard(bytes));
        } catch (error) {
          if (!(error instanceof WireError)) throw error; // a message of another version, or of nobody's
        }
      },
    },
    get tasks() {
      return [...entries.values()].map(({ sealed: _sealed, ...task }) => task).sort((a, b) => b.at - a.at);
    },
    get version() {
      return version;
    },
    async post(json) {
      const manifest = checkTask(json);
      const sealed = sealTask(manifest, taskSigner(keys));
      if (sealed.length > LIMITS.taskBytes) throw new TaskError("too-large", `the task has ${sealed.length} bytes; at most ${LIMITS.taskBytes} are passed on in a room`);
      const hash = taskHash(manifest);
      if ([...entries.values()].filter(({ mine }) => mine).length >= most && !entries.has(hash)) throw new TaskError("too-large", `${most} tasks of yours are on this board; take some off first`);
      hidden.delete(hash);
      put(entries.get(hash)?.mine ? entries.get(hash)! : { hash, manifest, at: now(), mine: true, sealed });
      announce();
      return hash;
    },
    async hide(hash) {
      entries.delete(hash);
      hidden.add(hash);
      version++;
      await keep();
      onChange();
    },
    find: (hash) => entries.get(hash)?.manifest ?? null,
    async fetch(hash, signal) {
      signal.throwIfAborted();
      const found = entries.get(hash)?.manifest;
      if (found) return found;
      await new Promise<void>((resolve, reject) => {
        const wake = (): void => resolve();
        waiting.set(hash, (waiting.get(hash) ?? new Set()).add(wake));
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        ask();
      }).finally(() => waiting.delete(hash));
      return entries.get(hash)!.manifest;
    },
  };
}

/** What goes on in a room under one name, of several concerns: each gets what is for it. */
export const bothLanes = (library: LibraryLane, board: LibraryLane): LibraryLane => ({
  entered(presence, credential) {
    library.entered(presence, credential);
    board.entered(presence, credential);
  },
  left() {
    library.left();
    board.left();
  },
  reachable(peers) {
    library.reachable(peers);
    board.reachable(peers);
  },
  receive: (from, bytes) => (isLibrary(bytes) ? library : board).receive(from, bytes),
});

/** The receiver is gone; others have it, or ask again. */
function unsent(error: unknown): void {
  if (!(error instanceof MeshError) && !(error instanceof DOMException && error.name === "AbortError")) throw error;
}
