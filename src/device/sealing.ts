import { createContributor, SEED_BYTES, type Contributor } from "../securesum/contributor.ts";
import { SumError, type SumErrorCode } from "../securesum/errors.ts";
import type { Kernels } from "../securesum/kernel.ts";
import { BLOCK_BYTES, blocksOf, groupOf, type Group, type Layout } from "../securesum/params.ts";
import { cutPieces } from "../securesum/pieces.ts";
import { BATCH, type SumPool } from "../securesum/pool.ts";
import { gatherSum } from "../securesum/sum.ts";
import { codeOf } from "../workers/bridge.ts";
import type { Effect, SwarmEvent } from "../swarm/events.ts";
import { packParcels } from "../swarm/parcel.ts";
import type { PrivacyGuard } from "./privacy.ts";

type Ask<T extends Effect["type"]> = Extract<Effect, { type: T }>;
type Told<T extends SwarmEvent["type"]> = Omit<Extract<SwarmEvent, { type: T }>, "now">;

/** This device's part in the secure sum: it alone holds the one-time secrets of the round's attempts. */
export interface Sealing {
  /** Draws a fresh secret. Null when another attempt began meanwhile. */
  seal(ask: Ask<"seal">): Promise<Told<"sealed"> | null>;
  answer(ask: Ask<"answer">): Told<"answered"> | null;
  open(ask: Ask<"open">): Promise<Told<"opened"> | null>;
  /** An attempt's seed, for an audit; null where there is none. */
  reveal(ask: Ask<"reveal">): Told<"revealed"> | null;
  /** Deals and encrypts once more what another device shows. */
  reseal(ask: Ask<"reseal">): Promise<Told<"resealed">>;
  /** Nothing secret stays, and what is under way stops. */
  erase(): void;
}

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
  /** Of the round's attempts: the others may sign what this device gave in an earlier one, and audit it there. */
  const contributors = new Map<number, Contributor>();

  function stop(): void {
    current?.stop.abort(new SumError("unavailable", "another attempt began"));
    current = null;
  }

  function erase(): void {
    stop();
    for (const contributor of contributors.values()) contributor.erase();
    contributors.clear();
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

  /** All that follows from a contributor's seed and its values. */
  async function give(contributor: Contributor, group: Group, layout: Layout, values: Int8Array | Int32Array, signal: AbortSignal): Promise<Pick<Told<"sealed">, "dealings" | "pieces">> {
    const dealings = contributor.deal();
    const ciphertext = new Uint8Array(blocksOf(values.length, layout) * BLOCK_BYTES);
    let at = 0;
    for await (const batch of (await pool).encrypt(contributor.key(), values, signal)) {
      ciphertext.set(batch, at);
      at += batch.length;
    }
    return { dealings, pieces: cutPieces(kernels.ring, ciphertext, group) };
  }

  return {
    seal({ attempt, context, devices, layout, values }) {
      stop();
      const group = groupOf(devices);
      const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
      const contributor = createContributor({ kernel: kernels.ring, shamir: kernels.shamir, context, group, layout, seed });
      contributors.set(attempt, contributor);
      const { signal } = (current = { attempt, contributor, stop: new AbortController() }).stop;
      return whileCurrent(attempt, signal, async () => {
        const covered = privacy ? await privacy.cover(values) : values;
        return { type: "sealed" as const, attempt, ...(await give(contributor, group, layout, covered, signal)) };
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

    reveal({ attempt }) {
      const contributor = contributors.get(attempt);
      return contributor ? { type: "revealed", attempt, seed: contributor.reveal() } : null;
    },

    async reseal({ attempt, context, devices, layout, seed, values }) {
      const group = groupOf(devices);
      const contributor = createContributor({ kernel: kernels.ring, shamir: kernels.shamir, context, group, layout, seed });
      const { dealings, pieces } = await give(contributor, group, layout, values, new AbortController().signal);
      return { type: "resealed", attempt, commitment: packParcels(dealings, pieces).commitment };
    },

    erase,
  };
}

function* inBatches(ciphertext: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < ciphertext.length; at += BATCH * BLOCK_BYTES) yield ciphertext.slice(at, at + BATCH * BLOCK_BYTES);
}
