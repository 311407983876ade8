import { describe, expect, it } from "vitest";
import { memoryStore } from "../store/store.ts";
import { genesisHead } from "../swarm/state.ts";
import { taskHash } from "../swarm/record.ts";
import { emptyCarry } from "../update/compression/carry.ts";
import { createCompressor } from "../update/compression/compression.ts";
import { createKeeping } from "./keeping.ts";

const task = taskHash({ name: "a task" });
const compressor = createCompressor({ compression: { kind: "low-rank", rank: 2 }, bits: 4, stepExponent: 10, seed: [task] }, [[12, 9]]);
const fresh = genesisHead(task, new Int32Array(108), { compressor });
const head = { ...fresh, params: Int32Array.from({ length: 108 }, (_, i) => i), shared: { ...fresh.shared, exponents: fresh.shared.exponents.map((value) => value + 1) } };
const carry = { residual: Float32Array.from({ length: 108 }, (_, i) => i / 7) };

async function kept() {
  const store = memoryStore();
  const keeping = createKeeping(store, task, () => 0);
  await keeping.keepHead(head, carry, []);
  return { store, keeping };
}

describe("what a device keeps of its model", () => {
  it("comes back: the head, what its compression goes by, and what its updates left unsaid", async () => {
    const { keeping } = await kept();
    expect(await keeping.head(fresh)).toEqual(head);
    expect(await keeping.carry(emptyCarry(108))).toEqual(carry);
  });

  it("counts the devices of a round that an older version kept", async () => {
    const { store, keeping } = await kept();
    await store.put({ rounds: [{ participants: ["a", "b"] }, { participants: ["a"], devices: 90 }] });
    expect((await keeping.rounds()).map(({ devices }) => devices)).toEqual([2, 90]);
  });

  it("is done without a carry that cannot be read, and without a head that an older version wrote", async () => {
    const { store, keeping } = await kept();
    await store.put({ carry: Uint8Array.of(1, 2, 3) });
    expect(await keeping.carry(emptyCarry(108))).toEqual(emptyCarry(108));
    const { shared: _, ...older } = (await store.get("head"))!;
    await store.put({ head: older });
    expect(await keeping.head(fresh)).toBeNull();
    expect(await keeping.standing()).toEqual({ round: 0, weight: 0 });
  });
});
