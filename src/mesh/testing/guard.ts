import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { WireError } from "../../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../../wire/ids.ts";
import type { Guard } from "../guard.ts";

const HASH_BYTES = 32;
const VERSION = 1;

/**
 * For tests of the mesh alone: keyless, so that it tells what was changed on the way, but not who changed it.
 * @param proofBytes 32 at least
 */
export function createTestGuard(self: PeerId, proofBytes = HASH_BYTES): Guard {
  const hash = (source: PeerId, statement: Uint8Array): Uint8Array => sha256(concatBytes(peerIdBytes(source), statement));
  const proof = (source: PeerId, statement: Uint8Array): Uint8Array => concatBytes(hash(source, statement), new Uint8Array(proofBytes - HASH_BYTES));
  const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, index) => byte === b[index]);
  return {
    proofBytes,
    prove: (statement) => proof(self, statement),
    check(source, statement, given) {
      if (!same(given, proof(source, statement))) throw new WireError("malformed", "not what its source said");
    },
    sealBlob: (_, blob) => concatBytes(Uint8Array.of(VERSION), hash(self, blob), blob),
    openBlob(from, sealed) {
      if (sealed[0] !== VERSION) throw new WireError("version", "a blob of another version");
      const blob = sealed.subarray(1 + HASH_BYTES);
      if (!same(sealed.subarray(1, 1 + HASH_BYTES), hash(from, blob))) throw new WireError("malformed", "not what its sender sealed");
      return blob;
    },
  };
}
