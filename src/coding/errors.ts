/**
 * `shape`: no such code, or too much at once. `lost`: too few shards are left. `wrong`: more wrong shards than can
 * be found without a manifest. `signature`, `dishonest`: the manifest's author is not who it should be, or hashed
 * shards that are no codeword. `busy`: the coder has another object in its memory.
 */
export class CodingError extends Error {
  override readonly name = "CodingError";
  constructor(
    readonly code: "shape" | "lost" | "wrong" | "signature" | "dishonest" | "busy",
    message: string,
  ) {
    super(message);
  }
}
