/** The part of `crypto.subtle` that coding needs. */
export type Digest = Pick<SubtleCrypto, "digest">;

/** SHA-256. WebCrypto copies the bytes at once, so they may change while it hashes them on a thread of its own. */
export async function hashOf(subtle: Digest, bytes: Uint8Array): Promise<Uint8Array> {
  // It takes no bytes of shared memory.
  const own = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
  return new Uint8Array(await subtle.digest("SHA-256", own));
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
