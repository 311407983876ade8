import { openDB, type DBSchema, type IDBPDatabase } from "idb";

/** How far a round had come. */
export interface Midway {
  round: number;
  lost: number;
  /** Hash of the model that it began with. */
  model: string;
  position: { steps: number; trained: Float32Array; loss: number; accuracy: number };
  /** The trainer's state at that moment. */
  state: Uint8Array;
}

/** A model besides the current one, as device/model-file.ts writes it. */
export interface KeptModel {
  id: string;
  origin: "trained" | "fetched" | "imported";
  /** Hash of its task. */
  task: string;
  /** Milliseconds since 1970. */
  at: number;
  /** The object that it was fetched as, and whose pseudonym signed that; null of others. */
  object: string | null;
  author: string | null;
  file: Uint8Array;
}

/** A room's tasks, as they were signed, and those that the person does not want to see. */
export interface KeptBoard {
  at: number;
  tasks: { sealed: Uint8Array; at: number; mine: boolean }[];
  hidden: string[];
}

/** What one slot keeps between visits. Values are plain data, and one key; each is replaced as a whole. */
export interface Kept {
  /** Head of the lineage: the encoded commit record and the fixed-point model. */
  head: { /** Absent where an older version wrote it. */ commit?: Uint8Array; params: Int32Array; outer: Uint8Array; /** Of compressed updates. */ shared?: Uint8Array };
  /** What this device's updates to that head have left unsaid (update/compression/carry.ts); written with it. */
  carry: Uint8Array;
  /** Inner optimiser state and data position. */
  trainer: Uint8Array;
  /** The same of a round that is under way, and how far it has come (device/training.ts). */
  midway: Midway & { task: string; at: number };
  /** When `trainer` was written. */
  trainerAt: number;
  /** Bytes of memory that the person lends to others. */
  lends: number;
  /** What others endorsed of this device's work (ledger/receipt.ts), the last ones. */
  receipts: Uint8Array[];
  /** Rounds for the curves and the table, as the device wrote them. */
  rounds: unknown[];
  drawings: { images: Uint8Array; labels: Uint8Array };
  /** The manifest that `head` was trained with, so that the model is of use when the device goes on to another task. */
  manifest: unknown;
  models: KeptModel[];
  /** Names of the objects that models were published as, by the model's id. */
  published: Record<string, string>;
  /** What this device's updates have told, by task (update/privacy/accountant.ts); outlives the model. */
  accounts: Record<string, unknown>;
  /** Boards of tasks, by the room's hash. */
  boards: Record<string, KeptBoard>;
  /** Seeds this device's order of samples. */
  seed: number;
  /** Not extractable; seals `passes` (vault.ts). */
  vault: CryptoKey;
  /** Pseudonyms for the epochs at hand, sealed. */
  passes: Uint8Array;
}

export interface Store {
  /** False where the browser keeps nothing (some private modes): all is then forgotten with the tab. */
  readonly persistent: boolean;
  get<K extends keyof Kept>(key: K): Promise<Kept[K] | null>;
  /** All of them or, if the tab dies meanwhile, none. */
  put(values: Partial<Kept>): Promise<void>;
  remove(...keys: (keyof Kept)[]): Promise<void>;
  close(): void;
}

const entries = (values: Partial<Kept>) => Object.entries(values) as [keyof Kept, Kept[keyof Kept]][];

interface Schema extends DBSchema {
  kept: { key: keyof Kept; value: Kept[keyof Kept] };
}

/** Each slot has a database of its own, so that two tabs of one profile are two devices. */
export async function openStore(slot: number): Promise<Store> {
  if (typeof indexedDB === "undefined") return memoryStore();
  let db: IDBPDatabase<Schema>;
  try {
    db = await openDB<Schema>(`hromada-slot-${slot}`, 1, { upgrade: (fresh) => void fresh.createObjectStore("kept") });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return memoryStore();
  }
  return {
    persistent: true,
    async get<K extends keyof Kept>(key: K) {
      return ((await db.get("kept", key)) as Kept[K] | undefined) ?? null;
    },
    async put(values) {
      const transaction = db.transaction("kept", "readwrite");
      await Promise.all([...entries(values).map(([key, value]) => transaction.store.put(value, key)), transaction.done]);
    },
    async remove(...keys) {
      for (const key of keys) await db.delete("kept", key);
    },
    close: () => db.close(),
  };
}

export function memoryStore(): Store {
  const kept = new Map<keyof Kept, Kept[keyof Kept]>();
  return {
    persistent: false,
    get: <K extends keyof Kept>(key: K) => Promise.resolve((kept.get(key) as Kept[K] | undefined) ?? null),
    put: (values) => Promise.resolve(entries(values).forEach(([key, value]) => kept.set(key, value))),
    remove: (...keys) => Promise.resolve(keys.forEach((key) => kept.delete(key))),
    close: () => undefined,
  };
}
