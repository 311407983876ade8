import { createKernels } from "../kernel.ts";
import { groupOf, layoutOf, type Group, type Layout } from "../params.ts";
import { createWasmRing } from "../ring.wasm.ts";
import { encryptUpdate, type Engine } from "../blocks.ts";
import { createContributor, type Contributor } from "../contributor.ts";
import { cutPieces } from "../pieces.ts";
import { sumDealings } from "../shamir.ts";
import type { Context } from "../randomness.ts";
import { createRandom } from "../../wire/random.ts";
import { concatBytes } from "@noble/hashes/utils.js";

export const kernels = createKernels();
const { ring: kernel, shamir } = kernels;
export const engine: Engine = { kernel, ring: createWasmRing(kernel), held: null };

export const contextOf = (round: number, attempt = 0): Context => ({ session: new Uint8Array(32).fill(9), round, attempt });

/** All devices of a group, after they dealt to each other and encrypted a random update of `count` values. */
export interface Room {
  context: Context;
  group: Group;
  layout: Layout;
  contributors: Contributor[];
  updates: Int8Array[];
  ciphertexts: Uint8Array[];
  /** By device, then by holder. */
  dealings: Uint8Array[][];
  pieces: Uint8Array[][];
}

export function openRoom(devices: number, bits: number, count: number, context = contextOf(1)): Room {
  const group = groupOf(devices);
  const layout = layoutOf(bits, devices);
  const random = createRandom(["room", devices, bits, context.attempt]);
  const members = Array.from({ length: devices }, (_, index) => index);
  const contributors = members.map(() => createContributor({ kernel, shamir, context, group, layout, seed: Uint8Array.from({ length: 32 }, () => random.below(256)) }));
  const updates = members.map(() => Int8Array.from({ length: count }, () => random.below(2 * layout.limit + 1) - layout.limit));
  const dealings = contributors.map((contributor) => contributor.deal());
  const ciphertexts = contributors.map((contributor, i) => concatBytes(...encryptUpdate(engine, contributor.key(), updates[i]!)));
  return { context, group, layout, contributors, updates, ciphertexts, dealings, pieces: ciphertexts.map((ciphertext) => cutPieces(kernel, ciphertext, group)) };
}

/** A holder's share of the sum of these devices' secrets. */
export const shareOf = ({ dealings }: Room, holder: number, inU: readonly number[]): Uint8Array => sumDealings(shamir, inU.map((dealer) => dealings[dealer]![holder]!));
