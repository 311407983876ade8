import subspaceUrl from "@subspace/reed-solomon-erasure.wasm/dist/reed_solomon_erasure_bg.wasm?url";
import { range, shapeFor } from "../src/coding/code.ts";
import { createCoder } from "../src/coding/coder.ts";
import { bestBuild, type Build } from "../src/coding/kernel.ts";
import { interleaved, measureCoding, type Measured } from "./coding-measure.ts";

/** What the bench asks of the page. */
export interface CodingPage {
  build: Build;
  measure(): Promise<Measured[]>;
  /** Megabytes a second of coding 64 MiB in 4 + 2, by one thread and by the pool of that many. */
  pool(): Promise<{ one: number; pool: number; threads: number }>;
}

declare global {
  var coding: CodingPage | undefined;
}

globalThis.coding = {
  build: bestBuild(),
  async measure() {
    return measureCoding(new Uint8Array(await (await fetch(subspaceUrl)).arrayBuffer()), (line) => console.log(line));
  },
  async pool() {
    const gone = new AbortController();
    const ports = range(0, Math.max(1, navigator.hardwareConcurrency - 1)).map(() => {
      const worker = new Worker(new URL("../src/workers/entry/coding.ts", import.meta.url), { type: "module", name: "coding" });
      worker.addEventListener("error", (event) => gone.abort(new Error(event.message)));
      return worker;
    });
    const bytes = 64 * 2 ** 20;
    const [one, pool] = [createCoder(), createCoder({ workers: { ports, gone: gone.signal } })].map((coder) => coder.open(shapeFor(4, 2), bytes / 4));
    const speeds = await interleaved({ one: one!.encode, pool: pool!.encode }, bytes);
    return { one: speeds["one"]!, pool: speeds["pool"]!, threads: ports.length + 1 };
  },
};
