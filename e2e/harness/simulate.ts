import type { Samples } from "../../src/learn/pack.ts";
import { dataOf } from "../../src/sim/simulate/learning/replicas.ts";
import type { SimulateOptions } from "../../src/sim/simulate/options.ts";
import type { SimulateLine } from "../../src/sim/simulate/report.ts";
import { simulate } from "../../src/sim/simulate/simulate.ts";
import { createRandom } from "../../src/wire/random.ts";

/** Pictures that need no file: the trace's equality asks for the same ones, not for digits. */
function pictures(count: number, seed: number): Samples {
  const random = createRandom(["pictures", seed]);
  const labels = Uint8Array.from({ length: count }, () => random.below(10));
  const pixels = Uint8Array.from({ length: count * 784 }, (_, at) => (Math.floor((at % 784) / 78) === labels[Math.floor(at / 784)] ? random.below(256) : 0));
  return { labels, pixels, height: 28, width: 28, labelCount: 10 };
}

/** The same in Node and in a browser. */
export function simulateHere(options: SimulateOptions): SimulateLine {
  const running = simulate(options, { data: dataOf(pictures(400, 1), pictures(100, 2)), clock: () => performance.now() / 1000 });
  for (;;) {
    const next = running.next();
    if (next.done) return next.value.line;
  }
}

declare global {
  var simulateHere: ((options: SimulateOptions) => SimulateLine) | undefined;
}
globalThis.simulateHere = simulateHere;
