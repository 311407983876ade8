/**
 * Fills the bytes from a cryptographically secure generator: noise that can be predicted can be taken off again.
 * It is asked for 16 KiB at a time, within what `crypto.getRandomValues` gives at once.
 */
export type Chance = (bytes: Uint8Array<ArrayBuffer>) => void;

/** Uniform 32-bit words. */
export interface Words {
  next(): number;
  /** Zeroes what was drawn ahead and what was used, so that nothing of the noise stays. */
  forget(): void;
}

const WORDS_AT_ONCE = 4096;

export function createWords(chance: Chance): Words {
  const words = new Uint32Array(WORDS_AT_ONCE);
  const bytes = new Uint8Array(words.buffer);
  let at = WORDS_AT_ONCE;
  return {
    next() {
      if (at === WORDS_AT_ONCE) {
        chance(bytes);
        at = 0;
      }
      return words[at++]!;
    },
    forget() {
      words.fill(0);
      at = WORDS_AT_ONCE;
    },
  };
}
