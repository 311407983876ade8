import { chacha20 } from "@noble/ciphers/chacha.js";
import type { Chance } from "../chance.ts";

/** A ChaCha20 stream that is the same in every run, so that no statistical test fails by chance. */
export function fixedChance(seed: number): Chance {
  const key = new Uint8Array(32).fill(seed);
  let drawn = 0;
  return (bytes) => {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(0, drawn++);
    bytes.set(chacha20(key, nonce, new Uint8Array(bytes.length)));
  };
}

/** These words, and zeros after them. */
export function wordsThen(...words: readonly number[]): Chance {
  let rest = Uint32Array.from(words);
  return (bytes) => {
    bytes.fill(0);
    bytes.set(new Uint8Array(rest.buffer).subarray(0, bytes.length));
    rest = new Uint32Array(0);
  };
}
