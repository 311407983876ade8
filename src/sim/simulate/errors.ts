/** What was asked for cannot be simulated; the message says what can. */
export class SimulateError extends Error {
  override readonly name = "SimulateError";
  constructor(
    /** `too-many`: more devices than were ever run; `bad-option`: out of its range. */
    readonly code: "bad-option" | "too-many",
    message: string,
  ) {
    super(message);
  }
}
