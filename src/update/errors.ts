/** An update that cannot be encoded or a packed one that is not what it claims to be. */
export class UpdateError extends Error {
  override readonly name = "UpdateError";
  constructor(
    readonly code: "not-finite" | "malformed" | "out-of-range",
    message: string,
  ) {
    super(message);
  }
}
