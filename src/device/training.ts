import type { BatchProgress, Evaluation, Prediction, RoundRequest, RoundResult, Trainer } from "../learn/trainer.ts";
import type { Midway } from "../store/store.ts";
import { toFloat } from "../update/fixed.ts";
import type { Carer } from "./carer.ts";

/** How often a round that is under way is kept, in milliseconds, and at most what part of the time that may take. */
const KEEPING = { every: 2_000, part: 1 / 20 };

export interface Training {
  /**
   * One round's local steps; null when it was stopped.
   * @param start the committed model, and where the task has it so, this device's carry
   * @param which the round, the hash of the model that it begins with, and how often its update was dropped before:
   *   other samples are due each time; of a round that others may do again its seed, and then it is begun anew after a reload
   */
  round(start: Float32Array, which: Pick<Midway, "round" | "lost" | "model"> & Pick<RoundRequest, "seed">, onBatch: (progress: BatchProgress) => void | Promise<void>): Promise<RoundResult | null>;
  /**
   * What another device's round gives: its batches come between those of this device's own rounds, which never wait for
   * more than one. One after the other; null where it was stopped or cannot be said.
   */
  again(start: Float32Array, which: Pick<RoundRequest, "round"> & { seed: number; steps: number }, signal: AbortSignal): Promise<RoundResult | null>;
  /** Ends the round before its next batch. */
  stop(): void;
  evaluate(params: Int32Array): Promise<Evaluation>;
  /** Of each of a few held-out samples, always the same ones. Others wait for it: it takes no turn. */
  losses(params: Int32Array): Promise<Float64Array>;
  predict(params: Int32Array, pixels: Float32Array): Promise<Prediction>;
  saveState(): Promise<Uint8Array | null>;
  /** The next round goes on where this left it, if it is that round. */
  goOn(midway: Midway | null): void;
}

/**
 * The trainer holds one model: rounds, scores and states take turns; a person's drawing need not wait. A device that is
 * held to a share of its time does that share of the steps, so that nobody waits for it.
 */
export function createTraining(trainer: Trainer, localSteps: number, keep: (midway: Midway) => Promise<void>, { every, part } = KEEPING, care?: Pick<Carer, "took" | "rest" | "view">): Training {
  let stopping = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();
  let current = 0;
  let left: Midway | null = null;
  let keptAt = -Infinity;
  let took = 0;
  let checking: Promise<unknown> = Promise.resolve();

  /** Between two batches, so that position and state are of one moment. */
  async function keepMidway(midway: Omit<Midway, "state">): Promise<void> {
    const began = performance.now();
    if (began - keptAt < took / part) return;
    const state = await trainer.saveState();
    if (state) await keep({ ...midway, state });
    keptAt = performance.now();
    took = keptAt - began;
  }

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    // The failure belongs to whoever asked; the next in line goes on.
    turn = result.catch(() => undefined);
    return result;
  };

  async function trainAgain(start: Float32Array, { round, seed, steps: stepsAtMost }: Parameters<Training["again"]>[1], signal: AbortSignal): Promise<RoundResult | null> {
    const steps = trainer.train({ params: start, round, seed, localSteps, stepsAtMost });
    try {
      while (!signal.aborted) {
        const began = performance.now();
        const { done, value } = await inTurn(() => steps.next());
        if (done) return value;
        care?.took(performance.now() - began);
        await care?.rest(signal);
      }
      return null;
    } finally {
      await steps.return(undefined as never);
    }
  }

  return {
    again(start, which, signal) {
      const result = checking.then(() => (signal.aborted ? null : trainAgain(start, which, signal))).catch((error: unknown) => {
        // It says nothing of the other device.
        console.warn("an audited update could not be trained again here", error);
        return null;
      });
      checking = result;
      return result;
    },
    round(start, { round, lost, model, seed }, onBatch) {
      const ticket = ++current;
      return inTurn(async () => {
        if (ticket !== current) return null;
        const from = left?.round === round && left.lost === lost && left.model === model ? left.position : null;
        left = null;
        const stepsAtMost = Math.round(localSteps * (care?.view.share ?? 1));
        const steps = trainer.train({ params: start, round, localSteps, stepsAtMost, ...(seed === undefined ? { lost, keepEvery: every, ...(from && { from }) } : { seed }) });
        for (;;) {
          const began = performance.now();
          const { done, value } = await steps.next();
          const worked = performance.now() - began;
          if (done) return value;
          care?.took(worked);
          const { position, ...progress } = value;
          if (position) await keepMidway({ round, lost, model, position });
          await onBatch(progress);
          if (progress.step < progress.steps) await care?.rest(stopping.signal);
          if (ticket === current) continue;
          await steps.return(undefined as never);
          return null;
        }
      });
    },
    stop() {
      current++;
      stopping.abort();
      stopping = new AbortController();
    },
    evaluate: (params) => inTurn(() => trainer.evaluate(toFloat(params))),
    losses: (params) => trainer.losses(toFloat(params)),
    predict: (params, pixels) => trainer.predict(toFloat(params), pixels),
    saveState: () => inTurn(() => trainer.saveState()),
    goOn: (midway) => void (left = midway),
  };
}
