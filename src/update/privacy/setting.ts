import { PrivacyError } from "./errors.ts";
import { LEAST_DELTA, LEAST_EPSILON, MOST_DELTA, MOST_DEVICES, MOST_EPSILON, MOST_ROUNDS } from "./limits.ts";

/** What a task promises of all its rounds together. */
export interface PrivacySetting {
  /** ε and δ that one device's updates are protected by once all rounds are over. */
  epsilon: number;
  delta: number;
  rounds: number;
  /** L2 norm that an update is clipped to, in model units. */
  clip: number;
  /** Contributors of a sum, at least, that add their noise and tell it nobody: the smaller, the more noise each adds. */
  honest: number;
}

interface Range {
  least: number;
  most: number;
  whole: boolean;
  means: string;
}

const RANGES: Record<keyof PrivacySetting, Range> = {
  epsilon: { least: LEAST_EPSILON, most: MOST_EPSILON, whole: false, means: "the privacy lost over all rounds" },
  delta: { least: LEAST_DELTA, most: MOST_DELTA, whole: false, means: "the chance that more is lost" },
  rounds: { least: 1, most: MOST_ROUNDS, whole: true, means: "rounds that share the loss" },
  clip: { least: 2 ** -20, most: 2 ** 20, whole: false, means: "the norm that an update is clipped to" },
  honest: { least: 1, most: MOST_DEVICES, whole: true, means: "contributors that are honest at least" },
};

/** @param raw what a task says, from anywhere. @throws PrivacyError `setting`, about the first field that is wrong */
export function parsePrivacy(raw: unknown): PrivacySetting {
  if (typeof raw !== "object" || raw === null) throw new PrivacyError("setting", `privacy is a record of ${names.join(", ")}; leave it out for none`);
  const unknown = Object.keys(raw).find((key) => !(names as string[]).includes(key));
  if (unknown !== undefined) throw new PrivacyError("setting", `privacy has no field ${unknown}; its fields are ${names.join(", ")}`);
  const given = raw as Record<string, unknown>;
  return { epsilon: numberIn(given, "epsilon"), delta: numberIn(given, "delta"), rounds: numberIn(given, "rounds"), clip: numberIn(given, "clip"), honest: numberIn(given, "honest") };
}

const names = Object.keys(RANGES) as (keyof PrivacySetting)[];

function numberIn(given: Record<string, unknown>, name: keyof PrivacySetting): number {
  const { least, most, whole, means } = RANGES[name];
  const value = given[name];
  if (typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const nearest = typeof value !== "number" || Number.isNaN(value) ? null : Math.min(most, Math.max(least, whole ? Math.round(value) : value));
  const kind = whole ? "a whole number" : "a number";
  throw new PrivacyError(
    "setting",
    `${name} is ${means}: ${kind} from ${least} to ${most}, not ${String(value)}${nearest === null ? "" : `; ${nearest} would do`}`,
    nearest === null ? null : { field: name, value: nearest },
  );
}
