import { SumError } from "./errors.ts";
import type { ShamirKernel } from "./kernel.ts";
import { CHECKS, DEALING_BYTES, P, within } from "./params.ts";
import { drawPolynomials, eraseRows, powers, readRow } from "./shamir.ts";

/**
 * The degree test: did a dealer give every holder a value of polynomials of degree < T? At a challenge that nobody
 * could know while dealing, it publishes CHECKS random combinations of its polynomials, each with a mask of its
 * own that was dealt along, so that they say nothing of the secret. Every holder compares them with what it got.
 *
 * A holder whose values differ shows the dealing, which the dealer signed: `judge` then convicts the dealer, or
 * the holder for a false complaint. An honest dealer's polynomials fit all that it signed, and an honest holder shows
 * only what does not fit, so neither is ever convicted; a dealer of too high a degree escapes with 4093^-8.
 */

const CHALLENGE_BYTES = 32;

/** Bytes of an answer: CHECKS polynomials, a 16-bit word a coefficient. */
export const answerBytes = (threshold: number): number => 2 * CHECKS * threshold;

/** Never at two challenges: the masks hide one answer. */
export function answerChallenge(kernel: ShamirKernel, secret: Int16Array, seed: Uint8Array, threshold: number, challenge: Uint8Array): Uint8Array<ArrayBuffer> {
  const answer = new Uint8Array(answerBytes(threshold));
  const view = new DataView(answer.buffer);
  drawPolynomials(kernel, secret, seed, threshold);
  setChallenge(kernel, challenge);
  for (let k = 0; k < threshold; k++) {
    kernel.check(k);
    for (let test = 0; test < CHECKS; test++) view.setUint16(2 * (k * CHECKS + test), kernel.out[test]!);
  }
  eraseRows(kernel, threshold);
  return answer;
}

/**
 * Whether a dealing fits its dealer's answer.
 * @param holder from 0
 * @throws SumError `malformed` for an answer or a dealing that no honest device can have sent
 */
export function fits(kernel: ShamirKernel, dealing: Uint8Array, holder: number, answer: Uint8Array, threshold: number, challenge: Uint8Array): boolean {
  if (answer.length !== answerBytes(threshold)) throw new SumError("malformed", `an answer of ${answer.length} bytes where ${answerBytes(threshold)} are due`);
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  const expected = new Array<number>(CHECKS).fill(0);
  powers(holder + 1, threshold).forEach((power, k) => {
    for (let test = 0; test < CHECKS; test++) {
      const coefficient = view.getUint16(2 * (k * CHECKS + test));
      if (coefficient >= P) throw new SumError("malformed", `an answer with a coefficient that is not below ${P}`);
      expected[test] = (expected[test]! + coefficient * power) % P;
    }
  });
  readRow(kernel, 0, dealing, DEALING_BYTES);
  setChallenge(kernel, challenge);
  kernel.check(0);
  const equal = expected.every((value, test) => value === kernel.out[test]);
  eraseRows(kernel, 1);
  return equal;
}

/** Who is to blame for a complaint. The dealing is known to be the dealer's by its signature, which the caller checked. */
export function judge(...complaint: Parameters<typeof fits>): "dealer" | "holder" {
  try {
    return fits(...complaint) ? "holder" : "dealer";
  } catch (error) {
    // Malformed bytes are the dealer's too: it signed both.
    if (error instanceof SumError && error.code === "malformed") return "dealer";
    throw error;
  }
}

function setChallenge(kernel: ShamirKernel, challenge: Uint8Array): void {
  within(challenge.length, CHALLENGE_BYTES, CHALLENGE_BYTES, "bytes of a challenge");
  kernel.key.set(challenge);
  kernel.challenge();
}
