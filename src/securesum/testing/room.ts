import { createRingKernel, createShamirKernel, compileRing } from "../kernel.ts";
import { groupOf, layoutOf, type Group, type Layout } from "../params.ts";
import { createWasmRing } from "../ring.wasm.ts";
import { createContributor, createHolder, encryptUpdate, type Contributor, type Engine, type Entry, type Holder } from "../sum.ts";
import type { Context } from "../randomness.ts";
import { createRandom } from "../../wire/random.ts";
import type { PeerId } from "../../wire/ids.ts";

const kernel = createRingKernel(compileRing());
export const engine: Engine = { kernel, ring: createWasmRing(kernel), held: null };
export const shamir = createShamirKernel();

export const contextOf = (round: number, attempt = 0): Context => ({ session: new Uint8Array(32).fill(9), round, attempt });
export const idOf = (index: number): PeerId => index.toString(16).padStart(32, "0") as PeerId;

/** All devices of a group, after they dealt to each other and encrypted a random update of `count` values. */
export interface Room {
  context: Context;
  group: Group;
  layout: Layout;
  contributors: Contributor[];
  holders: Holder[];
  updates: Int8Array[];
  ciphertexts: Uint8Array[][];
  dealings: Uint8Array[][];
  entries: Entry[];
}

export function openRoom(devices: number, bits: number, count: number, context = contextOf(1)): Room {
  const group = groupOf(devices);
  const layout = layoutOf(bits, devices);
  const random = createRandom(["room", devices, bits, context.attempt]);
  const members = Array.from({ length: devices }, (_, index) => index);
  const contributors = members.map(() => createContributor({ kernel, shamir, context, group, layout, seed: Uint8Array.from({ length: 32 }, () => random.below(256)) }));
  const updates = members.map(() => Int8Array.from({ length: count }, () => random.below(2 * layout.limit + 1) - layout.limit));
  const dealings = contributors.map((contributor) => contributor.deal());
  const ciphertexts = contributors.map((contributor, i) => [...encryptUpdate(engine, contributor.key(), updates[i]!)]);
  const entries = members.map((index) => ({ id: idOf(index), ciphertext: new Uint8Array(32).fill(index), dealing: new Uint8Array(32).fill(index) }));
  const holders = members.map((index) => {
    const holder = createHolder({ shamir, context, group });
    dealings.forEach((own, dealer) => holder.take(idOf(dealer), own[index]!, entries[dealer]!.dealing));
    return holder;
  });
  return { context, group, layout, contributors, holders, updates, ciphertexts, dealings, entries };
}

export const everyone = (count: number): Set<number> => new Set(Array.from({ length: count }, (_, index) => index));
