import { createContributor, type Contributor } from "../securesum/contributor.ts";
import { SumError, type SumErrorCode } from "../securesum/errors.ts";
import type { Kernels } from "../securesum/kernel.ts";
import { BLOCK_BYTES, blocksOf, groupOf } from "../securesum/params.ts";
import { cutPieces } from "../securesum/pieces.ts";
import { BATCH, type SumPool } from "../securesum/pool.ts";
import { gatherSum } from "../securesum/sum.ts";
import { codeOf } from "../workers/bridge.ts";
import type { Effect, SwarmEvent } from "../swarm/events.ts";
import type { PrivacyGuard } from "./privacy.ts";

type Ask<T extends Effect["type"]> = Extract<Effect, { type: T }>;
type Told<T extends SwarmEvent["type"]> = Omit<Extract<SwarmEvent, { type: T }>, "now">;

/** This device's part in the secure sum: it alone holds the one-time secret of the attempt at hand. */
export interface Sealing {
  /** Draws a fresh secret; the last one is erased. Null when another attempt began meanwhile. */
  seal(ask: Ask<"seal">): Promise<Told<"sealed"> | null>;
  answer(ask: Ask<"answer">): Told<"answered"> | null;
  open(ask: Ask<"open">): Promise<Told<"opened"> | null>;
  /** Nothing secret stays, and what is under way stops. */
  erase(): void;
}

const SEED_BYTES = 32;
/** What says of a sum that it cannot be opened from what is there; anything else is this device's own problem. */
const UNOPENED: readonly string[] = ["malformed", "undecodable", "garbage"] satisfies SumErrorCode[];

interface SealingDeps {
  kernels: Kernels;
  pool: Promise<SumPool>;
  /** Adds noise; null where the task asks for none. */
  privacy: PrivacyGuard | null;
}

export function createSealing({ kernels, pool, privacy }: SealingDeps): Sealing {
  let current: { attempt: number; contributor: Contributor; stop: AbortController } | null = null;

  function erase(): void {
    current?.contributor.erase();
    current?.stop.abort(new SumError("unavailable", "another attempt began"));
    current = null;
  }

  /** Of an attempt that is still the one at hand when it is done; what was stopped is nobody's problem. */
  async function whileCurrent<T>(attempt: number, signal: AbortSignal, work: () => Promise<T>): Promise<T | null> {
    try {
      const result = await work();
      return current?.attempt === attempt ? result : null;
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }

  return {
    seal({ attempt, context, devices, layout, values }) {
      erase();
      const group = groupOf(devices);
      const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
      const contributor = createContributor({ kernel: kernels.ring, shamir: kernels.shamir, context, group, layout, seed });
      const { signal } = (current = { attempt, contributor, stop: new AbortController() }).stop;
      return whileCurrent(attempt, signal, async () => {
        const covered = privacy ? await privacy.cover(values) : values;
        const dealings = contributor.deal();
        const ciphertext = new Uint8Array(blocksOf(values.length, layout) * BLOCK_BYTES);
        let at = 0;
        for await (const batch of (await pool).encrypt(contributor.key(), covered, signal)) {
          ciphertext.set(batch, at);
          at += batch.length;
        }
        return { type: "sealed" as const, attempt, dealings, pieces: cutPieces(kernels.ring, ciphertext, group) };
      });
    },

    answer({ attempt, challenge }) {
      return current?.attempt === attempt ? { type: "answered", attempt, answer: current.contributor.answer(challenge) } : null;
    },

    async open(ask) {
      const { attempt, count } = ask;
      // Whoever only follows a sum has no secret in it.
      const signal = current?.attempt === attempt ? current.stop.signal : new AbortController().signal;
      try {
        const { key, ciphertext, wrongShares, wrongPieces } = gatherSum(kernels, ask);
        const sum = new Int32Array(count);
        let at = 0;
        for await (const values of (await pool).open(key, inBatches(ciphertext), count, signal)) {
          sum.set(values, at);
          at += values.length;
        }
        return { type: "opened", attempt, sum, wrongShares, wrongPieces };
      } catch (error) {
        if (signal.aborted) return null;
        // Errors of the pool's workers come with their code, not with their class.
        if (!UNOPENED.includes(codeOf(error) ?? "")) throw error;
        return { type: "opened", attempt, sum: null, wrongShares: [], wrongPieces: [] };
      }
    },

    erase,
  };
}

function* inBatches(ciphertext: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < ciphertext.length; at += BATCH * BLOCK_BYTES) yield ciphertext.slice(at, at + BATCH * BLOCK_BYTES);
}
