/** What tests of training share. */
import { quantise } from "../../update/quantise.ts";
import { toFixed, toFloat } from "../../update/fixed.ts";
import { createOuter } from "../outer-optimiser.ts";
import type { TaskManifest } from "../task.ts";
import type { BatchProgress, RoundRequest, RoundResult, Trainer } from "../trainer.ts";

export async function runRound(trainer: Trainer, request: RoundRequest): Promise<{ progress: BatchProgress[]; result: RoundResult }> {
  const progress: BatchProgress[] = [];
  const round = trainer.train(request);
  for (;;) {
    const step = await round.next();
    if (step.done) return { progress, result: step.value };
    progress.push(step.value);
  }
}

/** Rounds of a swarm whose devices all take part, with updates quantised and added to the model as the task says. The committed model. */
export async function federate(task: TaskManifest, devices: readonly Trainer[], rounds: number): Promise<Float32Array> {
  const { bits, stepExponent } = task.update;
  const outer = createOuter(task.outer);
  let params = toFixed(await devices[0]!.initial());
  let state = outer.initial(params.length);
  for (let round = 1; round <= rounds; round++) {
    const sum = new Int32Array(params.length);
    for (const [index, device] of devices.entries()) {
      const { delta } = (await runRound(device, { params: toFloat(params), round, localSteps: task.inner.localSteps })).result;
      quantise(delta, { bits, stepExponent, seed: [round, index] }).values.forEach((value, i) => (sum[i]! += value));
    }
    ({ state, params } = outer.step(state, params, sum, devices.length, stepExponent));
  }
  return toFloat(params);
}
