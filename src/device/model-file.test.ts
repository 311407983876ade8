import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outerBytes } from "../learn/outer-optimiser.ts";
import { digitsTask } from "../learn/tasks/digits.ts";
import { languagesTask } from "../learn/tasks/languages.ts";
import { rootOf, taskHash } from "../swarm/record.ts";
import { genesisHead } from "../swarm/state.ts";
import { memoryStore } from "../store/store.ts";
import { createCompressor } from "../update/compression/compression.ts";
import { sharedBytes } from "../update/compression/shared.ts";
import { WireError } from "../wire/codec.ts";
import { decodeModel, encodeModel, type OpenModel } from "./model-file.ts";
import { createModelShelf, SHELF_LIMITS } from "./model-shelf.ts";

const params = Int32Array.from({ length: 500 }, (_, i) => i * 1_001 - 3);
const head = genesisHead(taskHash(digitsTask), params, { outer: { kind: "nesterov", rate: 0.7, momentum: 0.9 }, compressor: createCompressor({ compression: { kind: "dense" }, bits: 4, stepExponent: 10, seed: [1] }, [[500]]) });
const model: OpenModel = { task: digitsTask, record: head.record, params, outer: outerBytes(head.outer), shared: sharedBytes(head.shared) };

/** Null where it is refused, as it has to be. */
function readOr(bytes: Uint8Array): OpenModel | null {
  try {
    return decodeModel(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return null;
  }
}

describe("a model as one object", () => {
  it("comes back with its task, its record and every number", () => {
    expect(decodeModel(encodeModel(model))).toEqual(model);
    expect(decodeModel(encodeModel({ ...model, record: null, outer: new Uint8Array() })).record).toBeNull();
  });

  it("is refused when it is another task's than its record says, or other numbers", () => {
    expect(() => decodeModel(encodeModel({ ...model, task: languagesTask }))).toThrow("another task");
    expect(() => decodeModel(encodeModel({ ...model, params: params.slice().fill(1) }))).toThrow("not the one its record names");
    for (const part of ["outer", "shared"]) expect(() => decodeModel(encodeModel({ ...model, [part]: new Uint8Array() }))).toThrow("not the one its record names");
    expect(() => decodeModel(encodeModel({ ...model, task: { ...digitsTask, name: "NOT A NAME" } }))).toThrow("without a task");
  });

  it("is refused with a typed error whatever bytes come in its place", () => {
    const file = encodeModel(model);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void expect(() => decodeModel(bytes)).toThrow(WireError)));
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = file.slice();
        changed[at]! ^= flip;
        const read = readOr(changed);
        // What only the root stands for is there to be compared, and no other's.
        expect(read === null || (read.record !== null && rootOf(read.record) !== head.root)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe("the shelf", () => {
  const kept = { origin: "fetched" as const, task: "t", at: 1, object: null, author: null };

  it("keeps a model once, a task's own in one place, and no more than there is room for", async () => {
    const shelf = createModelShelf(memoryStore());
    const id = await shelf.put({ ...kept, file: Uint8Array.of(1) });
    expect(await shelf.put({ ...kept, file: Uint8Array.of(1) })).toBe(id);
    await shelf.put({ ...kept, origin: "trained", file: Uint8Array.of(2) });
    await shelf.put({ ...kept, origin: "trained", file: Uint8Array.of(3) });
    expect((await shelf.all()).map(({ file }) => file[0])).toEqual([1, 3]);
    for (let i = 0; i < SHELF_LIMITS.models - 2; i++) await shelf.put({ ...kept, file: Uint8Array.of(9, i) });
    await expect(shelf.put({ ...kept, file: Uint8Array.of(8) })).rejects.toMatchObject({ code: "models-full" });
    await shelf.remove(id);
    await shelf.put({ ...kept, file: Uint8Array.of(8) });
    expect(await shelf.all()).toHaveLength(SHELF_LIMITS.models);
  });

  it("remembers under which name a model was published", async () => {
    const shelf = createModelShelf(memoryStore());
    expect(await shelf.published("m")).toBeNull();
    await shelf.notePublished("m", "object");
    expect(await shelf.published("m")).toBe("object");
  });
});
