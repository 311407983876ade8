import type { PrivacySetting } from "./setting.ts";

export type PrivacyErrorCode =
  /** The task's setting is not one: a field is missing, unknown, or out of its range. */
  | "setting"
  /** So much noise is needed for this ε that a summed field has no room for it. */
  | "epsilon-too-small"
  /** The bound on an update's norm cannot be counted in the steps of an update's values. */
  | "clip"
  /** Parameters that the mechanism's proof does not cover. */
  | "out-of-range"
  /** A stored account that is not one, or is of other orders than ours. */
  | "account"
  /** No rounding of an update met its bound, which happens to one in e^64. */
  | "rounding";

/** Differential privacy cannot be had as asked for; the message says what would do. */
export class PrivacyError extends Error {
  override readonly name = "PrivacyError";
  constructor(
    readonly code: PrivacyErrorCode,
    message: string,
    /** Where one number would do instead: which. */
    readonly instead: { field: keyof PrivacySetting; value: number } | null = null,
  ) {
    super(message);
  }
}

/** @throws PrivacyError `out-of-range` */
export function wholeWithin(value: number, least: number, most: number, what: string): void {
  if (!Number.isInteger(value) || value < least || value > most) throw new PrivacyError("out-of-range", `${what}: a whole number from ${least} to ${most} is needed, not ${value}`);
}
