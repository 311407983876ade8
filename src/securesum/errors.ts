export type SumErrorCode =
  /** Bytes of the wrong length, or a number out of its range. */
  | "malformed"
  /** Parameters that the scheme does not allow, or a value that does not fit its field. */
  | "out-of-range"
  /** A one-time secret is asked for a second use, or for a use after it was erased. */
  | "reused-key"
  /** An answer to the degree test before there was a dealing. */
  | "unknown-dealing"
  /** Too few shares of the sum, or too many wrong ones. */
  | "undecodable"
  /** The opened sum cannot come from honest devices: discard it, and audit its contributors more often. */
  | "garbage"
  /** The pool is closed, or a worker could not be started. */
  | "unavailable";

/** The secure sum refuses. */
export class SumError extends Error {
  override readonly name = "SumError";
  constructor(
    readonly code: SumErrorCode,
    message: string,
    /** Whose bytes they were, as a position in what was handed over, where that is known. */
    readonly index: number | null = null,
  ) {
    super(message);
  }
}
