import type { SimulateReport } from "../../src/sim/simulate/report.ts";

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const kilobytes = (bytes: number | null): string => (bytes === null ? "–" : `${(bytes / 1000).toFixed(0)} kB`);
const orNone = (value: number | null, digits = 0): string => (value === null ? "–" : value.toFixed(digits));

/** The report for people. */
export function simulationTable({ line, goals, curve, reference, ciphertext, departures }: SimulateReport): string {
  const rounds = curve.map(({ round, seconds, contributors, alive, accuracy }) => [String(round), seconds.toFixed(1), `${contributors} of ${alive}`, percent(accuracy)]);
  const all = [["round", "second", "devices in it", "accuracy"], ...rounds];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const { realCrypto, upload, joinRounds, detectionSeconds, falseSuspicions } = line;
  const lines = [
    ...all.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join("  ")),
    "",
    `${line.peers} devices for ${line.minutes} virtual minutes, seed ${line.seed}; ${departures} left and as many came${line.attack ? `; attack ${line.attack}` : ""}`,
    realCrypto.devices === realCrypto.of ? "every device's cryptography is real" : `stand-ins of the true sizes in place of cryptography on ${realCrypto.of - realCrypto.devices} of ${realCrypto.of} devices`,
    line.realTraining.replicas === line.peers ? "every device trains on its own digits" : `${line.realTraining.replicas} devices train on their own digits; the others' updates are theirs with noise`,
    `upload a device a round: median ${kilobytes(upload.median)}, 95 % below ${kilobytes(upload.p95)}; C is ${kilobytes(ciphertext)}, so the median is ${orNone(upload.inC, 2)} C`,
    `newcomers trained after ${orNone(joinRounds.median)} commits, ${orNone(joinRounds.max)} at most; deaths were seen after ${orNone(detectionSeconds.median, 1)} s, 95 % within ${orNone(detectionSeconds.p95, 1)} s; ${falseSuspicions.count} false`,
    `accuracy ${percent(line.accuracy)}${line.attack ? `, ${percent(reference)} by plain averaging without the attackers` : ""}; ${line.events} events in ${line.wallSeconds.toFixed(1)} s; trace ${line.traceHash.slice(0, 16)}`,
    "",
    ...goals.map(({ what, value, bound, met }) => `${met ? "met   " : "MISSED"}  ${what}: ${value} (${bound})`),
  ];
  return lines.join("\n");
}
