import { cpus, totalmem } from "node:os";

/** One comparison. A peer that cannot run here has `theirs` null, and `why` says why not. */
export interface Row {
  what: string;
  ours: number;
  unit: string;
  against: string;
  theirs: number | null;
  /** How many times better than the peer ours is: above 1 is better. */
  ratio: number | null;
  /** What the ratio has to reach, or null where there is no goal. */
  goal: number | null;
  met: boolean | null;
  why: string | null;
}

export interface BenchResult {
  name: string;
  machine: string;
  rows: Row[];
}

export interface Bench {
  name: string;
  /** One line for the list of names. */
  about: string;
  /** Measures ours and the peer interleaved in this one run. */
  run(say: (line: string) => void): Promise<Row[]>;
}

export const machine = (): string => `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;

/** A row of a comparison in which more is better, or less where `lessIsBetter`. */
export function compare(row: Omit<Row, "ratio" | "met" | "why"> & { why?: string; lessIsBetter?: boolean }): Row {
  const { lessIsBetter = false, why = null, ...rest } = row;
  const ratio = rest.theirs === null ? null : lessIsBetter ? rest.theirs / rest.ours : rest.ours / rest.theirs;
  return { ...rest, ratio, met: ratio === null || rest.goal === null ? null : ratio >= rest.goal, why };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const short = (value: number | null): string => (value === null ? "–" : Math.abs(value) >= 1000 ? Math.round(value).toString() : Number(value.toPrecision(4)).toString());

export function table({ rows }: BenchResult): string {
  const cells = rows.map((row) => [
    row.what,
    `${short(row.ours)} ${row.unit}`,
    row.against,
    row.theirs === null ? "–" : `${short(row.theirs)} ${row.unit}`,
    row.ratio === null ? "–" : `${row.ratio.toFixed(2)} ×`,
    row.goal === null ? "–" : `≥ ${row.goal.toFixed(2)} ×`,
    row.met === null ? (row.why ?? "–") : row.met ? "met" : "MISSED",
  ]);
  const all = [["what", "ours", "against", "theirs", "ratio", "goal", "met"], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()).join("\n");
}
