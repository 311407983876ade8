import fc from "fast-check";
import { expect, test } from "vitest";
import type { PeerId } from "../wire/ids.ts";
import { valueLimit } from "../update/quantise.ts";
import { FRACTION_BITS } from "../update/fixed.ts";
import { BadShare, chunkOf, clearSum, nextHead } from "./shares.ts";
import { genesisHead, type LocalUpdate, type SwarmConfig } from "./state.ts";

const ids = (n: number): PeerId[] => Array.from({ length: n }, (_, i) => i.toString(16).padStart(32, "0") as PeerId);

function allReduce(config: SwarmConfig, updates: readonly LocalUpdate[], parameters: number) {
  const head = genesisHead(config.task, new Int32Array(parameters), 0);
  const view = ids(updates.length);
  const sums = new Map(
    view.map((_, owner) => {
      const chunk = chunkOf(parameters, view.length, owner);
      return [owner, clearSum.add(updates.map((update) => clearSum.share(update, chunk, config.bits)), chunk, config.bits)] as const;
    }),
  );
  return { sums, view, head, next: () => {
      const { sum, counters } = clearSum.open(sums, view.length, parameters, config.bits);
      return { head: nextHead(head, { contributors: view, members: view, issuer: null }, sum, counters), counters };
    } };
}

const update = (values: number[], samples = 1): LocalUpdate => ({
  values: Int8Array.from(values),
  counters: { samples, loss: 2 * samples, correct: 0, clipped: 0, large: 0 },
});

test("the chunks' sums are the plain integer sums, for any width, size and number of devices", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 60 }), fc.integer(), (bits, n, parameters, seed) => {
      const limit = valueLimit(bits);
      const draw = (i: number, d: number): number => (Math.abs(Math.imul(seed + i * 31 + d * 17, 2654435761)) % (2 * limit + 1)) - limit;
      const updates = Array.from({ length: n }, (_, d) => update(Array.from({ length: parameters }, (_, i) => draw(i, d)), d + 1));
      const { next } = allReduce({ self: ids(1)[0]!, task: "00".repeat(32), bits, seed: 0, epochRounds: 20, sum: clearSum }, updates, parameters);
      const { head, counters } = next();
      for (let i = 0; i < parameters; i++) {
        const sum = updates.reduce((total, { values }) => total + values[i]!, 0);
        expect(head.params[i]).toBe(Math.round(sum / n) + 0);
      }
      expect(counters.samples).toBe((n * (n + 1)) / 2);
      expect(head.record.weight).toBe(n);
    }),
    { numRuns: 60 },
  );
});

test("a share that no honest device can have made names its sender", () => {
  const config: SwarmConfig = { self: ids(1)[0]!, task: "00".repeat(32), bits: 8, seed: 0, epochRounds: 20, sum: clearSum };
  const chunk = chunkOf(4, 2, 0);
  const good = clearSum.share(update([1, 2, 3, 4]), chunk, 8);
  const impossible = good.slice();
  impossible[0] = 255;
  const counter = good.slice();
  new DataView(counter.buffer).setFloat64(good.length - 8, -1, true);
  for (const bad of [good.subarray(1), impossible, counter, new Uint8Array()]) {
    try {
      clearSum.add([good, bad], chunk, 8);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(BadShare);
      expect((error as BadShare).index).toBe(1);
    }
  }
  const { sums, next } = allReduce(config, [update([1, 2]), update([3, 4])], 2);
  sums.set(1, sums.get(1)!.map(() => 255));
  expect(next).toThrow(BadShare);
});

test("an update of P values costs each of n devices 2(n−1)/n · P fields to send, whatever n", () => {
  const parameters = 12_000;
  for (const n of [2, 4, 8, 15]) {
    const { sums } = allReduce({ self: ids(1)[0]!, task: "00".repeat(32), bits: 8, seed: 0, epochRounds: 20, sum: clearSum }, Array.from({ length: n }, () => update(new Array<number>(parameters).fill(1))), parameters);
    const updateBytes = (parameters * (n - 1)) / n;
    const sumBytes = sums.get(1)!.length * (n - 1);
    expect(updateBytes + sumBytes).toBeLessThan(2.5 * parameters);
  }
});

test("the outer step moves by the mean in steps of the round's scale", () => {
  const config: SwarmConfig = { self: ids(1)[0]!, task: "00".repeat(32), bits: 8, seed: 0, epochRounds: 20, sum: clearSum };
  const head = genesisHead(config.task, Int32Array.of(1 << FRACTION_BITS, 0), 3);
  const view = ids(2);
  const updates = [update([10, -5]), update([20, -6])];
  const sums = new Map([0, 1].map((owner) => [owner, clearSum.add(updates.map((u) => clearSum.share(u, chunkOf(2, 2, owner), 8)), chunkOf(2, 2, owner), 8)] as const));
  const { sum, counters } = clearSum.open(sums, 2, 2, 8);
  const next = nextHead(head, { contributors: view, members: view, issuer: null }, sum, counters);
  expect([...next.params]).toEqual([(1 << FRACTION_BITS) + 15 * 8, -5.5 * 8]);
});
