import type { BatchProgress, Evaluation, Prediction, RoundResult, Trainer } from "../learn/trainer.ts";
import { toFloat } from "../update/fixed.ts";

export interface Training {
  /**
   * One round's local steps from the committed model; null when it was stopped.
   * @param which the round, and how often its update was dropped before: other samples are due each time
   */
  round(params: Int32Array, which: { round: number; lost: number }, onBatch: (progress: BatchProgress) => void | Promise<void>): Promise<RoundResult | null>;
  /** Ends the round before its next batch. */
  stop(): void;
  evaluate(params: Int32Array): Promise<Evaluation>;
  predict(params: Int32Array, pixels: Float32Array): Promise<Prediction>;
  saveState(): Promise<Uint8Array | null>;
}

/** The trainer holds one model: rounds, scores and states take turns; a person's drawing need not wait. */
export function createTraining(trainer: Trainer, localSteps: number): Training {
  let turn: Promise<unknown> = Promise.resolve();
  let current = 0;

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    // The failure belongs to whoever asked; the next in line goes on.
    turn = result.catch(() => undefined);
    return result;
  };

  return {
    round(params, { round, lost }, onBatch) {
      const ticket = ++current;
      return inTurn(async () => {
        if (ticket !== current) return null;
        const steps = trainer.train({ params: toFloat(params), round, lost, localSteps });
        for (;;) {
          const { done, value } = await steps.next();
          if (done) return value;
          await onBatch(value);
          if (ticket === current) continue;
          await steps.return(undefined as never);
          return null;
        }
      });
    },
    stop: () => void current++,
    evaluate: (params) => inTurn(() => trainer.evaluate(toFloat(params))),
    predict: (params, pixels) => trainer.predict(toFloat(params), pixels),
    saveState: () => inTurn(() => trainer.saveState()),
  };
}
