import { swarmOptions, USAGE, UsageError, type SwarmOptions } from "./swarm/options.ts";
import { runSwarm, type SwarmReport } from "./swarm/run.ts";

function readOptions(): SwarmOptions {
  try {
    return swarmOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    process.exit(2);
  }
}

const percent = (share: number | null): string => (share === null ? "–" : `${(100 * share).toFixed(2)} %`);
const kilobytes = (bytes: number | null): string => (bytes === null ? "–" : `${(bytes / 1000).toFixed(0)} kB`);

function table({ rounds, left, joined, final, longestTaskMs, ok, error }: SwarmReport): string {
  const rows = rounds.map((round) => [
    String(round.round),
    percent(round.accuracy),
    round.participants.join(","),
    round.seconds === null ? "–" : round.seconds.toFixed(1),
    kilobytes(round.bytesUp),
    kilobytes(round.bytesDown),
    `${round.modelHash?.slice(0, 8) ?? "–"}${round.hashesEqual ? " =" : ""}`,
  ]);
  const all = [["round", "accuracy", "devices", "seconds", "up", "down", "model"], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join("  "));
  for (const { peer, round, stage, detectedSeconds } of left) lines.push(`peer ${peer} left in round ${round}, ${stage}; noticed by all after ${detectedSeconds?.toFixed(1) ?? "–"} s`);
  for (const { peer, round, firstContribution } of joined) lines.push(`peer ${peer} joined in round ${round}, first contributed to round ${firstContribution ?? "–"}`);
  lines.push(`${final.devices} devices at ${percent(final.accuracy)}; longest main-thread task ${longestTaskMs?.toFixed(1) ?? "–"} ms of CPU; ${ok ? "ok" : error}`);
  return lines.join("\n");
}

const options = readOptions();
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(new Error("stopped")));
const say = (line: string): void => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
const report = await runSwarm(options, say, stop.signal);
say(`\n${table(report)}`);
if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(report.ok ? 0 : 1);
