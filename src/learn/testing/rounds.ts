/** What tests of training share. */
import { emptyCarry } from "../../update/compression/carry.ts";
import { createCompressor } from "../../update/compression/compression.ts";
import { toFixed, toFloat } from "../../update/fixed.ts";
import { outerChange } from "../outer-change.ts";
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

/**
 * Rounds of a swarm whose devices all take part, with updates compressed and added to the model as the task says. The committed model.
 * @param shapes of the model's tensors
 */
export async function federate(task: TaskManifest, devices: readonly Trainer[], shapes: readonly (readonly number[])[], rounds: number): Promise<Float32Array> {
  const { bits, stepExponent, compression = { kind: "dense" } } = task.update;
  const compressor = createCompressor({ compression, bits, stepExponent, seed: [task.seed] }, shapes);
  const outer = createOuter(task.outer);
  let params = toFixed(await devices[0]!.initial());
  let state = outer.initial(params.length);
  let shared = compressor.initial();
  const carries = devices.map(() => emptyCarry(params.length));
  for (let round = 0; round < rounds; round++) {
    const sum = new Int32Array(compressor.length(round));
    for (const [index, device] of devices.entries()) {
      const start = compressor.start(toFloat(params), carries[index]!);
      const { delta } = (await runRound(device, { params: start, round: round + 1, localSteps: task.inner.localSteps })).result;
      const encoded = compressor.encode(delta, carries[index]!, { round, shared, chance: [index] });
      carries[index] = encoded.carry;
      encoded.values.forEach((value, i) => (sum[i]! += value));
    }
    const said = compressor.decode(sum, devices.length, { round, shared });
    ({ state, params } = outerChange(outer, state, params, said));
    ({ shared } = said);
  }
  return toFloat(params);
}
