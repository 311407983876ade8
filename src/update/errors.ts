/** An update that cannot be encoded. */
export class UpdateError extends Error {
  override readonly name = "UpdateError";
  constructor(
    readonly code: "not-finite",
    message: string,
  ) {
    super(message);
  }
}
