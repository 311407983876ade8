/** An update that cannot be encoded, or a sum or a kept state that is not of this model and compression. */
export class UpdateError extends Error {
  override readonly name = "UpdateError";
  constructor(
    readonly code: "not-finite" | "malformed" | "wrong-length" | "bad-state" | "bad-setting",
    message: string,
  ) {
    super(message);
  }
}
