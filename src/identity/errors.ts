/**
 * The one error of this room.
 * `refused` stands for every failure of opening or verifying a peer's bytes, whatever went wrong:
 * an answer that told the reasons apart would be an oracle. The other codes are the device's own
 * misuse (`misuse`) and its own key file (`passphrase`, `key-file`, `key-file-version`).
 */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
  constructor(
    readonly code: "refused" | "misuse" | "passphrase" | "key-file" | "key-file-version",
    message: string,
  ) {
    super(message);
  }
}

/** Always the same text, for the same reason. */
export const refused = (): IdentityError => new IdentityError("refused", "the message was refused: drop it");

export const misuse = (message: string): IdentityError => new IdentityError("misuse", message);
