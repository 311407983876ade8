import { mkdir, writeFile } from "node:fs/promises";
import { startEngine } from "../src/learn/engine/backend.ts";
import { nodeWasmFiles } from "../src/learn/testing/node.ts";
import { compare, type Bench, type Row } from "./harness.ts";
import { DEVICES, LOCAL_STEPS, mobyDick, parametersOf, runText, STEPS, type Curves } from "./text-experiment.ts";
import { curvesSvg, meanOf } from "./text-svg.ts";

const SEEDS = [1, 2, 3];
/** Nats a character that federated training may be behind one place with all the data, and has to be ahead of a device alone. */
const BEHIND = 0.02;
const AHEAD = 0.15;
const RESULTS = new URL("./results/", import.meta.url);

export const text: Bench = {
  name: "text",
  about: "a character GPT on Moby Dick: four devices with a quarter each, against one with all of it and each alone (12 minutes)",
  async run(say) {
    await startEngine(nodeWasmFiles, "wasm");
    const corpus = mobyDick();
    const seeds: Curves[] = [];
    for (const seed of SEEDS) seeds.push(await runText(corpus, seed, say));
    const parameters = `${(parametersOf(corpus) / 1000).toFixed(0)} k`;
    if (process.argv.includes("--keep")) {
      await mkdir(RESULTS, { recursive: true });
      await writeFile(new URL("text.svg", RESULTS), curvesSvg(seeds, `Moby Dick by characters, GPT of ${parameters}: nats on held-out text, mean of ${SEEDS.length} seeds`));
    }
    return rows(seeds, `GPT of ${parameters} on Moby Dick, ${DEVICES} devices, ${STEPS} steps, H = ${LOCAL_STEPS}, mean of ${SEEDS.length} seeds`);
  },
};

/** The bars are differences; as ratios they are of what the loss may be. */
function rows(seeds: readonly Curves[], what: string): Row[] {
  const last = (name: keyof Curves) => meanOf(seeds.map((curves) => curves[name])).at(-1)!;
  const row = { what, unit: "nats/character", ours: last("federated"), lessIsBetter: true, goal: 1 };
  return [
    compare({ ...row, against: `all the text in one place, same steps, + ${BEHIND}`, theirs: last("central") + BEHIND }),
    compare({ ...row, against: `a device alone with its quarter, − ${AHEAD}`, theirs: last("alone") - AHEAD }),
  ];
}
