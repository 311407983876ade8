import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { SimulateOptions } from "../../src/sim/simulate/options.ts";
import type { SimulateReport } from "../../src/sim/simulate/report.ts";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));

function apart(options: SimulateOptions): Promise<SimulateReport> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, { serialization: "advanced" });
    child.once("message", (report) => resolve(report as SimulateReport));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`a simulation of ${options.peers} devices ended with ${code} before it had a report`)));
    child.send(options);
  });
}

/**
 * Simulations beside one another, each in a process of its own, as many at a time as there are cores; the longest begin first.
 * @returns in the order of `all`
 */
export async function simulateBeside(all: readonly SimulateOptions[], say: (text: string) => void): Promise<SimulateReport[]> {
  const reports = new Array<SimulateReport>(all.length);
  const left = all.map((options, index) => ({ options, index })).sort((a, b) => b.options.peers * b.options.minutes - a.options.peers * a.options.minutes);
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const report = await apart(next.options);
      reports[next.index] = report;
      say(JSON.stringify(report.line));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return reports;
}
