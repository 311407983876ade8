import { concatBytes } from "@noble/hashes/utils.js";
import { encryptUpdate, type Engine } from "./blocks.ts";
import type { Contributor } from "./contributor.ts";
import type { Group } from "./params.ts";
import { cutPieces } from "./pieces.ts";

/** All that a contributor gives, in one go and on one thread: a dealing and a piece of its ciphertext for each member. */
export function sealUpdate(engine: Engine, contributor: Contributor, group: Group, values: Int8Array | Int32Array): { dealings: Uint8Array<ArrayBuffer>[]; pieces: Uint8Array<ArrayBuffer>[] } {
  const dealings = contributor.deal();
  const ciphertext = concatBytes(...encryptUpdate(engine, contributor.key(), values));
  return { dealings, pieces: cutPieces(engine.kernel, ciphertext, group) };
}
