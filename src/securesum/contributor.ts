import { drawSecret, forgetDraws, type EncryptionKey } from "./blocks.ts";
import { answerChallenge } from "./degree.ts";
import { SumError } from "./errors.ts";
import type { RingKernel, ShamirKernel } from "./kernel.ts";
import { within, type Group, type Layout } from "./params.ts";
import type { Context } from "./randomness.ts";
import { dealRows, drawPolynomials, eraseRows } from "./shamir.ts";

/**
 * A device's part in one attempt at a round's sum. Everything comes from one seed, so everything is given once:
 * two ciphertexts, or two answers, under one secret leak. A retry takes a new contributor with a new seed.
 */
export interface Contributor {
  /** What each holder gets, in their order; to be signed and encrypted for it. @throws SumError `reused-key` */
  deal(): Uint8Array<ArrayBuffer>[];
  /** To the degree test, at the challenge drawn after the dealings were out. @throws SumError `reused-key`, `unknown-dealing` before dealing */
  answer(challenge: Uint8Array): Uint8Array<ArrayBuffer>;
  /** What `encryptUpdate` or the pool encrypts one update under. @throws SumError `reused-key` */
  key(): EncryptionKey;
  /** A copy of the seed, for who audits this device: its update is in no sum. @throws SumError `reused-key` */
  reveal(): Uint8Array<ArrayBuffer>;
  /** At the round's end, however it ended. */
  erase(): void;
}

export const SEED_BYTES = 32;

interface ContributorDeps {
  kernel: RingKernel;
  shamir: ShamirKernel;
  context: Context;
  group: Group;
  layout: Layout;
  /** 32 bytes from the system's CSPRNG, never used before. Zeroed by `erase`. */
  seed: Uint8Array;
}

export function createContributor({ kernel, shamir, context, group, layout, seed }: ContributorDeps): Contributor {
  within(seed.length, SEED_BYTES, SEED_BYTES, "bytes of a seed");
  const used = new Set<string>();

  function once(what: string): void {
    if (used.has("erase")) throw new SumError("reused-key", `this secret is erased: it cannot be used to ${what}; take a new contributor`);
    if (used.has(what)) throw new SumError("reused-key", `this secret was used to ${what} before; retry with a new contributor and a new seed`);
    used.add(what);
  }

  function withSecret<T>(use: (secret: Int16Array) => T): T {
    try {
      return use(drawSecret(kernel, seed));
    } finally {
      forgetDraws(kernel);
      eraseRows(shamir, group.threshold);
    }
  }

  return {
    deal() {
      once("deal");
      return withSecret((secret) => {
        drawPolynomials(shamir, secret, seed, group.threshold);
        return dealRows(shamir, group);
      });
    },
    answer(challenge) {
      if (!used.has("deal")) throw new SumError("unknown-dealing", "a challenge is drawn after dealing; deal first");
      once("answer");
      return withSecret((secret) => answerChallenge(shamir, secret, seed, group.threshold, challenge));
    },
    key() {
      once("encrypt");
      return { context, seed: seed.slice(), layout };
    },
    reveal() {
      once("reveal");
      return Uint8Array.from(seed);
    },
    erase() {
      used.add("erase");
      seed.fill(0);
    },
  };
}
