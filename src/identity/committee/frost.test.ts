import { describe, expect, it } from "vitest";
import { IdentityError } from "../errors.ts";
import { encodeId } from "../id.ts";
import { checkPartial, fullKey, setSecretValue } from "../keys.ts";
import { extractMessage, identifierOf, openSignature, SCHEMES, type KeyShare, type SchemeName } from "./frost.ts";
import { form, ROOM, seeded, subsets } from "./testing/bus.ts";

const random = seeded("frost");
const newId = (): Uint8Array => encodeId({ room: ROOM, epoch: 1, flags: new Uint8Array(4), random: random(20) });

/** All of a signature at once, as no requester could: by these members, on this message. */
function signWith(scheme: SchemeName, keys: KeyShare[], message: Uint8Array): Uint8Array {
  const opened = keys.map((key) => openSignature(scheme, key, message, random));
  const list = opened.map(({ commitments }) => commitments);
  const shares = Object.fromEntries(opened.map((opening) => [opening.commitments.identifier, Uint8Array.from(opening.sign(list))]));
  return SCHEMES[scheme].aggregate(keys[0]!.public, list, message, shares);
}

const issuerKeys = (n: number): KeyShare[] => form(n).members.map(({ keys }) => keys.issuer);

describe("FROST as the threshold extract", () => {
  it.each([4, 5])("makes keys as a single issuer does, by every quorum of %i members", (n) => {
    const keys = issuerKeys(n);
    const P = keys[0]!.public.commitments[0]!;
    for (const places of subsets(n, keys[0]!.public.signers.min)) {
      const [secretValue, id] = [setSecretValue(random), newId()];
      const signature = signWith("extract", places.map((place) => keys[place]!), extractMessage(secretValue.U, id));
      const partial = { R: signature.slice(0, 32), t: signature.slice(32) };
      expect(checkPartial({ id, P, U: secretValue.U, partial })).toBe(true);
      expect(fullKey({ id, P, secretValue, partial }).id).toEqual(id);
    }
  });

  it("t − 1 members cannot extract", () => {
    const keys = issuerKeys(4).slice(0, 2);
    const message = extractMessage(setSecretValue(random).U, newId());
    const opened = keys.map((key) => openSignature("extract", key, message, random));
    const list = opened.map(({ commitments }) => commitments);
    expect(() => opened[0]!.sign(list)).toThrow(IdentityError);
    // Nor by the library's own calls, or with a third that they make up.
    const made = SCHEMES.extract.commit(keys[0]!.secret);
    const third = { ...made.commitments, identifier: identifierOf(3) };
    const shares = keys.map((key) => {
      const { nonces, commitments } = SCHEMES.extract.commit(key.secret);
      return { key, nonces, commitments };
    });
    const all = [...shares.map(({ commitments }) => commitments), third];
    const signed = shares.map(({ key, nonces }) => [key.secret.identifier, SCHEMES.extract.signShare(key.secret, key.public, nonces, all, message)] as const);
    const forged = SCHEMES.extract.utils.randomScalar();
    expect(() => SCHEMES.extract.aggregate(keys[0]!.public, all, message, { ...Object.fromEntries(signed), [identifierOf(3)]: forged })).toThrow();
  });

  it("shows no commitment, and so no R, but for a message that is fixed; and each once", () => {
    const [key] = issuerKeys(4);
    // @ts-expect-error: the one function that makes commitments takes the message, U in it.
    expect(() => openSignature("extract", key, random)).toThrow();
    const [one, other] = [extractMessage(setSecretValue(random).U, newId()), extractMessage(setSecretValue(random).U, newId())];
    const opening = openSignature("extract", key!, one, random);
    const elsewhere = openSignature("extract", key!, other, random);
    expect(opening.commitments.hiding).not.toEqual(elsewhere.commitments.hiding);
    expect(() => opening.sign([])).toThrow(IdentityError);
    expect(() => opening.sign([])).toThrow("this nonce pair has signed");
  });

  it("a share for one U does not serve for another: the binding factor covers U", () => {
    const keys = issuerKeys(4).slice(0, 3);
    const id = newId();
    const [one, other] = [extractMessage(setSecretValue(random).U, id), extractMessage(setSecretValue(random).U, id)];
    const opened = keys.map((key) => openSignature("extract", key, one, random));
    const list = opened.map(({ commitments }) => commitments);
    const shares = Object.fromEntries(opened.map((opening) => [opening.commitments.identifier, Uint8Array.from(opening.sign(list))]));
    expect(() => SCHEMES.extract.aggregate(keys[0]!.public, list, other, shares)).toThrow();
    expect(SCHEMES.extract.aggregate(keys[0]!.public, list, one, shares)).toHaveLength(64);
  });

  it("a statement of the committee is never a partial key", () => {
    const keys = issuerKeys(4).slice(0, 3);
    const [{ U }, id] = [setSecretValue(random), newId()];
    const signature = signWith("statement", keys, extractMessage(U, id));
    const P = keys[0]!.public.commitments[0]!;
    expect(SCHEMES.statement.verify(signature, extractMessage(U, id), P)).toBe(true);
    expect(checkPartial({ id, P, U, partial: { R: signature.slice(0, 32), t: signature.slice(32) } })).toBe(false);
  });
});
