/**
 * `unavailable`: too few devices hold what is needed. `oversized`: more than an object may have. `stopped`: the
 * person, or the end of the stay, stopped it. `dishonest`: its author hashed shards that do not belong together.
 */
export class LibraryError extends Error {
  override readonly name = "LibraryError";
  constructor(
    readonly code: "unavailable" | "oversized" | "stopped" | "dishonest",
    message: string,
  ) {
    super(message);
  }
}
