import { openDB, type IDBPDatabase } from "idb";
import type { ChoiceStore } from "./trial.ts";

const DATABASE = "hromada-engine";
const STORE = "choices";

/** Choices of a backend in IndexedDB: of the browser's profile, not of a device, since all its devices share its hardware. */
export function openChoiceStore(): ChoiceStore {
  let opening: Promise<IDBPDatabase> | null = null;
  const database = () => (opening ??= openDB(DATABASE, 1, { upgrade: (fresh) => void fresh.createObjectStore(STORE) }));
  return {
    get: async (key) => (await database()).get(STORE, key) as Promise<unknown>,
    set: async (key, value) => void (await (await database()).put(STORE, value, key)),
  };
}
