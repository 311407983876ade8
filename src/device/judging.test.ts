import { beforeAll, expect, it } from "vitest";
import { buildDigits } from "../../tools/digits.ts";
import { createTrainer } from "../learn/create-trainer.ts";
import { digitsTask } from "../learn/tasks/digits.ts";
import { nodeWasmFiles, readPackFile } from "../learn/testing/node.ts";
import { runRound } from "../learn/testing/rounds.ts";
import { type Head, genesisHead } from "../swarm/state.ts";
import { taskHash } from "../swarm/record.ts";
import { isMuchWorse } from "../swarm/verdict.ts";
import { toFixed } from "../update/fixed.ts";
import { createJudging } from "./judging.ts";
import { createTraining } from "./training.ts";

const headOf = (params: Float32Array): Head => genesisHead(taskHash(digitsTask), toFixed(params));

beforeAll(async () => {
  await buildDigits();
}, 60_000);

it("tells a better model from a much worse one, scores each but once, and says nothing where there is no trainer", async () => {
  const trainer = createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
  await trainer.load(digitsTask, { kind: "share", share: 0, shares: 60 }, 7, "wasm");
  const training = createTraining(trainer, 20, async () => undefined);
  let scored = 0;
  const judging = createJudging(() => ({ losses: (params) => (scored++, training.losses(params)) }));
  const first = await trainer.initial();
  const { delta } = (await runRound(trainer, { params: first, round: 1, localSteps: 30 })).result;
  const [before, better, worse] = [0, 1, -30].map((times) => headOf(first.map((value, i) => value + times * delta[i]!)));

  judging.know(before!);
  const gain = (await judging.change(better!, before!))!;
  expect(gain.mean).toBeLessThan(-0.5);
  expect(isMuchWorse(gain, [])).toBe(false);
  expect(isMuchWorse((await judging.change(worse!, before!))!, [])).toBe(true);
  expect((await judging.change(before!, better!))!.mean).toBeCloseTo(-gain.mean, 10);
  expect(scored).toBe(3);

  expect(await createJudging(() => null).change(better!, before!)).toBeNull();
});

it("abstains where scoring fails, and tries again the next time", async () => {
  const trainer = createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
  // Nothing is loaded yet.
  const judging = createJudging(() => createTraining(trainer, 20, async () => undefined));
  const model = headOf(new Float32Array(10));
  expect(await judging.change(model, model)).toBeNull();
  await trainer.load(digitsTask, null, 7, "wasm");
  const real = headOf(await trainer.initial());
  expect(await judging.change(real, real)).toMatchObject({ mean: 0, error: 0 });
});
