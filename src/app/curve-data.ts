import type { RoundRecord, Snapshot } from "../device/api.ts";

export const CURVE_LIMITS = {
  /** Points kept a curve; when full, every second of the older half is dropped. */
  points: 2_000,
} as const;

/** Columns for uPlot: x in rounds, then one column a line; null where a line has no point. */
export type Columns = [number[], ...(number | null)[][]];

/** Puts `value` into line `line` at `x`, keeping x in order; late points (a score that came after) are put where they belong. */
export function put(columns: Columns, x: number, line: number, value: number): void {
  const [xs, ...lines] = columns;
  let at = xs.length;
  while (at > 0 && (xs[at - 1] ?? 0) >= x) at--;
  if (xs[at] !== x) {
    xs.splice(at, 0, x);
    for (const column of lines) column.splice(at, 0, null);
  }
  const column = lines[line];
  if (column) column[at] = value;
}

/** Drops every second of the older half's points that only line `line` has. */
export function thin(columns: Columns, line: number): void {
  const [xs, ...lines] = columns;
  const half = xs.length >> 1;
  const keep = xs.map((_, at) => at >= half || at % 2 === 0 || lines.some((column, index) => index !== line && column[at] !== null));
  const filter = <T>(column: T[]): void => {
    const kept = column.filter((_, at) => keep[at]);
    column.length = 0;
    for (const value of kept) column.push(value);
  };
  for (const column of [xs, ...lines]) filter<number | null>(column);
}

export interface Curves {
  /** Held-out accuracy by round, 0 to 1. */
  accuracy: Columns;
  /** Line 0: loss of this device's batches; line 1: held-out loss by round. */
  loss: Columns;
  /** Takes in what is new in a snapshot. @returns whether anything was */
  add(snapshot: Pick<Snapshot, "round" | "batch" | "rounds">): boolean;
}

/** The curves as they grow; a batch of the round in training lies between the round before and this one. */
export function createCurves(): Curves {
  const accuracy: Columns = [[], []];
  const loss: Columns = [[], [], []];
  const scored = new Set<number>();
  let lastBatch: number | null = null;

  const clear = (): void => {
    for (const column of [...accuracy, ...loss]) column.length = 0;
    scored.clear();
    lastBatch = null;
  };
  const addRound = (record: RoundRecord): boolean => {
    if (record.accuracy === null || scored.has(record.round)) return false;
    scored.add(record.round);
    put(accuracy, record.round, 0, record.accuracy);
    if (record.loss !== null) put(loss, record.round, 1, record.loss);
    return true;
  };

  return {
    accuracy,
    loss,
    add({ round, batch, rounds }) {
      const anew = (rounds.at(-1)?.round ?? -1) < (accuracy[0].at(-1) ?? -1);
      if (anew) clear();
      let changed = anew;
      for (let at = rounds.length - 1; at >= 0 && scored.size < rounds.length; at--) {
        const record = rounds[at];
        if (record) changed = addRound(record) || changed;
      }
      if (batch !== null) {
        const x = round - 1 + batch.step / Math.max(1, batch.steps);
        if (x !== lastBatch) {
          lastBatch = x;
          put(loss, x, 0, batch.loss);
          if (loss[0].length > CURVE_LIMITS.points) thin(loss, 0);
          changed = true;
        }
      }
      return changed;
    },
  };
}
