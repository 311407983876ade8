/**
 * The secure sum without I/O: only the sum of a group's updates is ever opened
 * (prior art: Bell-Clark et al., "Willow", CRYPTO 2025; Mouchet et al., PoPETs 2021).
 *
 * A contributor deals shares of a one-time secret, encrypts its update, cuts the ciphertext into pieces and answers the
 * degree test; members add the pieces that they got; holders release their shares of the sum of secrets; whoever has a
 * threshold of both opens the sum. Who may do what when is the round's: src/swarm.
 */
import type { OpeningKey } from "./blocks.ts";
import { recoverSecret } from "./decode.ts";
import type { Kernels } from "./kernel.ts";
import { blocksOf, groupOf, type Layout } from "./params.ts";
import { joinPieces } from "./pieces.ts";
import type { Context } from "./randomness.ts";

export interface OpeningRequest {
  context: Context;
  /** |U|; its members are the holders. */
  devices: number;
  layout: Layout;
  /** Values of an update. */
  count: number;
  /** Of the summed ciphertext, by member from 0. */
  pieces: ReadonlyMap<number, Uint8Array>;
  /** Of the sum of secrets, by member from 0. */
  shares: ReadonlyMap<number, Uint8Array>;
}

export interface Gathered {
  key: OpeningKey;
  /** Whole blocks. */
  ciphertext: Uint8Array<ArrayBuffer>;
  /** Members whose shares or pieces were wrong, and were corrected. */
  wrongShares: number[];
  wrongPieces: number[];
}

/**
 * Puts together what a sum is opened with; wrong shares and pieces are found and left out.
 * @throws SumError `malformed`, `undecodable`, `garbage`
 */
export function gatherSum({ ring, shamir }: Kernels, { context, devices, layout, count, pieces, shares }: OpeningRequest): Gathered {
  const group = groupOf(devices);
  const { secret, wrong: wrongShares } = recoverSecret(shamir, shares, group.threshold, devices);
  const { ciphertext, wrong: wrongPieces } = joinPieces(ring, pieces, group, blocksOf(count, layout));
  return { key: { context, secret, layout, devices }, ciphertext, wrongShares, wrongPieces };
}
