/**
 * Ring arithmetic under one secret, in place on the residues of a kernel: `x` is worked on, `a` is the block's
 * common randomness, in NTT form. Every implementation gives the same bytes.
 *
 * Ciphertexts travel in NTT form, in SEAL's order: c = NTT(e + ⌊q/t·m⌋) − a · NTT(s), which is one transform a
 * block, and a is uniform in either form. SEAL computes it as the decryption of (NTT(e + ⌊q/t·m⌋), a) under −s
 * in a CKKS context, which is c0 + c1·s with no rounding. Errors and secrets are ours, so both rings agree.
 */
export interface Ring {
  /** Holds the kernel's secret, for `reveal`, or its negative, for `hide`. */
  hold(sign: 1 | -1): void;
  /** x ← NTT(x) + a · held */
  hide(): void;
  /** x ← INTT(x + a · held) */
  reveal(): void;
  /** Zeroes what is held. */
  erase(): void;
  /** Ends it; nothing may be called any more. */
  close(): void;
}
