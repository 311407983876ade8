import { expect, test } from "vitest";
import { layoutOf } from "../../../securesum/params.ts";
import { addPieces } from "../../../securesum/pieces.ts";
import { createRandom } from "../../../wire/random.ts";
import { createRealSums } from "./real.ts";
import { createStandInSums } from "./stand-in.ts";
import type { SealEffect, Sums } from "./sums.ts";

const DEVICES = 4;
const COUNT = 50;
const context = { session: new Uint8Array(32).fill(7), round: 1, attempt: 0 };
const layout = layoutOf(8, DEVICES);
const sealing = (device: number): SealEffect => ({ type: "seal", attempt: 1, context, devices: DEVICES, layout, values: Int8Array.from({ length: COUNT }, (_, i) => (i % 9) - device) });

const sealAll = (sums: Sums) => Array.from({ length: DEVICES }, (_, device) => sums.seal(device, sealing(device)));

/** What each member adds up, of these contributors. */
const pieces = (sums: Sums, sealed: ReturnType<typeof sealAll>): Map<number, Uint8Array> =>
  new Map(Array.from({ length: DEVICES }, (_, member) => [member, addPieces(sums.kernels.ring, sealed.map((each) => each.pieces[member]!))]));

const open = (sums: Sums, of: ReadonlyMap<number, Uint8Array>) =>
  sums.open({ type: "open", attempt: 1, context, devices: DEVICES, layout, count: COUNT, pieces: of, shares: new Map([...of.keys()].map((member) => [member, new Uint8Array(0)])) });

test("stand-ins have the sizes of the real thing", () => {
  const [real, standIn] = [createRealSums(createRandom("real")), createStandInSums()].map((sums) => sealAll(sums)[0]!);
  expect(standIn!.pieces.map(({ length }) => length)).toEqual(real!.pieces.map(({ length }) => length));
  expect(standIn!.dealings.map(({ length }) => length)).toEqual(real!.dealings.map(({ length }) => length));
});

test("what was added up is opened, and nothing else", () => {
  const sums = createStandInSums();
  const sealed = sealAll(sums);
  const added = pieces(sums, sealed);
  expect([...open(sums, added).sum!]).toEqual(Array.from({ length: COUNT }, (_, i) => DEVICES * (i % 9) - 6));
  expect(open(sums, pieces(sums, sealed.slice(1))).sum).toBeNull();
  expect(open(sums, new Map([...added].slice(2))).sum).toBeNull();
});

test("a piece that is not the others' sum is named", () => {
  const sums = createStandInSums();
  const added = pieces(sums, sealAll(sums));
  added.set(2, added.get(2)!.map((byte, i) => (i === 7 ? byte ^ 1 : byte)));
  expect(open(sums, added)).toMatchObject({ wrongPieces: [2] });
});
