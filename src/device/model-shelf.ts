import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { KeptModel, Store } from "../store/store.ts";
import { DeviceError } from "./errors.ts";

export const SHELF_LIMITS = { models: 12, bytes: 128_000_000 } as const;

/** Models besides the current one: of other tasks, fetched, or brought from files. Kept between visits. */
export interface ModelShelf {
  all(): Promise<readonly KeptModel[]>;
  /** One of the same id takes the place of the other. @returns its id. @throws DeviceError `models-full` */
  put(model: Omit<KeptModel, "id">): Promise<string>;
  remove(id: string): Promise<void>;
  /** Under which object a model was published, by its id. */
  published(id: string): Promise<string | null>;
  notePublished(id: string, object: string): Promise<void>;
}

export function createModelShelf(store: Store): ModelShelf {
  const all = async (): Promise<KeptModel[]> => (await store.get("models")) ?? [];
  return {
    all,
    async put(model) {
      // A task's last model takes the place of an earlier one; any other is known by its bytes.
      const id = model.origin === "trained" ? `trained-${model.task}` : bytesToHex(sha256(model.file)).slice(0, 32);
      const others = (await all()).filter((kept) => kept.id !== id);
      const bytes = others.reduce((sum, { file }) => sum + file.length, model.file.length);
      if (others.length >= SHELF_LIMITS.models || bytes > SHELF_LIMITS.bytes) throw new DeviceError("models-full", `at most ${SHELF_LIMITS.models} models of ${SHELF_LIMITS.bytes} bytes together are kept; remove one first`);
      await store.put({ models: [...others, { ...model, id }] });
      return id;
    },
    async remove(id) {
      await store.put({ models: (await all()).filter((kept) => kept.id !== id) });
    },
    published: async (id) => (await store.get("published"))?.[id] ?? null,
    async notePublished(id, object) {
      await store.put({ published: { ...(await store.get("published")), [id]: object } });
    },
  };
}
