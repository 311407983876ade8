/** Simulates a swarm: `npm run simulate -- --peers 64 --minutes 3 --churn 0.1`. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { SimulateError } from "../src/sim/simulate/errors.ts";
import type { SimulateReport } from "../src/sim/simulate/report.ts";
import type { Progress } from "../src/sim/simulate/simulate.ts";
import { commandOptions, USAGE, type CommandOptions } from "./simulate/options.ts";
import { runSimulation } from "./simulate/run.ts";
import { simulationSvg } from "./simulate/svg.ts";
import { simulationTable } from "./simulate/table.ts";

const BAR = 30;
/** The picture's other sizes run for so long. */
const PICTURE_MINUTES = 1;
const SMALLEST = 8;

function readOptions(): CommandOptions {
  try {
    return commandOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SimulateError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    process.exit(2);
  }
}

const bar = (peers: number) => {
  let last = 0;
  return ({ share, round, events }: Progress): void => {
    const now = performance.now();
    if (!process.stderr.isTTY && now - last < 10_000) return;
    last = now;
    const full = Math.round(BAR * share);
    process.stderr.write(`${process.stderr.isTTY ? "\r" : ""}${"█".repeat(full)}${"░".repeat(BAR - full)} ${(100 * share).toFixed(0).padStart(3)} %  ${peers} devices, round ${round}, ${events} events${process.stderr.isTTY ? "\u001b[K" : "\n"}`);
  };
};

const clear = (): void => void (process.stderr.isTTY && process.stderr.write("\r\u001b[K"));

/** The same swarm at half its size, a quarter, and so on. */
async function otherSizes(options: CommandOptions): Promise<SimulateReport[]> {
  const reports: SimulateReport[] = [];
  for (let peers = options.peers >> 1; peers >= SMALLEST; peers >>= 1) {
    reports.unshift(await runSimulation({ ...options, peers, minutes: Math.min(PICTURE_MINUTES, options.minutes) }, bar(peers)));
    clear();
  }
  return reports;
}

const options = readOptions();
const say = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
const report = await runSimulation(options, bar(options.peers));
clear();
say(simulationTable(report));
if (options.svg !== null) {
  await mkdir(dirname(options.svg), { recursive: true });
  await writeFile(options.svg, simulationSvg(report, [...(await otherSizes(options)), report]));
  say(`picture: ${options.svg}`);
}
if (options.json) process.stdout.write(`${JSON.stringify(report.line)}\n`);
process.exit(report.line.ok ? 0 : 1);
