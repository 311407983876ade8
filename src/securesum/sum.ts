/**
 * The secure sum's rules, without I/O: only the sum of a group's updates is ever opened
 * (prior art: Bell-Clark et al., "Willow", CRYPTO 2025; Mouchet et al., PoPETs 2021).
 *
 * A contributor deals shares of a one-time secret, answers the degree test and encrypts its update; anyone adds
 * ciphertexts; holders sign one set U and release their shares of its sum of secrets; anyone opens the sum.
 */
import { openBlocks, type Engine } from "./blocks.ts";
import { recoverSecret } from "./decode.ts";
import type { ShamirKernel } from "./kernel.ts";
import type { Group, Layout } from "./params.ts";
import type { Context } from "./randomness.ts";

export { addCiphertexts, encryptUpdate, type Engine, type EncryptionKey, type OpeningKey } from "./blocks.ts";
export { createContributor, type Contributor } from "./contributor.ts";
export { createHolder, encodeSet, type Entry, type Holder } from "./holder.ts";

export interface Opening {
  engine: Engine;
  shamir: ShamirKernel;
  context: Context;
  group: Group;
  layout: Layout;
  /** |U| */
  devices: number;
}

/**
 * Opens the sum of U's updates, block by block.
 * @param shares of the sum, by holder from 0
 * @param blocks of the summed ciphertext
 * @param count values of an update
 * @returns holders whose shares were wrong
 * @throws SumError `malformed`, `undecodable`, `garbage`
 */
export function* openSum({ engine, shamir, context, group, layout, devices }: Opening, shares: ReadonlyMap<number, Uint8Array>, blocks: Iterable<Uint8Array>, count: number): Generator<Int32Array<ArrayBuffer>, number[]> {
  const { secret, wrong } = recoverSecret(shamir, shares, group.threshold, devices);
  yield* openBlocks(engine, { context, secret, layout, devices }, blocks, count);
  return wrong;
}
