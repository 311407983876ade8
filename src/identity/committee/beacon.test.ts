import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { IdentityError } from "../errors.ts";
import { mulBase } from "../suite.ts";
import { beaconPart, decodeBeaconPart, encodeBeaconPart, startDrawing, takeBeaconPart, type Draw, type Drawing } from "./beacon.ts";
import { evaluate, evaluationHolds, hashToGroup, VOPRF } from "./evaluate.ts";
import { form, seeded, subsets } from "./testing/bus.ts";

const random = seeded("beacon");
const { members, announcement } = form(4);
const { committee } = announcement;
const groups: Draw = { purpose: "groups", number: 3 };
const parts = members.map((member) => decodeBeaconPart(encodeBeaconPart(beaconPart(member, groups, random))));
const draw = (places: number[], of = groups, from = parts): Drawing => places.reduce((drawing, place) => takeBeaconPart(drawing, place, from[place]!) ?? drawing, startDrawing(committee, of));

describe("the beacon", () => {
  it("has one output, whichever quorum gives it, and none below it", () => {
    const outputs = subsets(4, 3).map((places) => bytesToHex(draw(places).output!));
    expect(new Set(outputs).size).toBe(1);
    expect(draw([0, 1]).output).toBeNull();
    expect(draw([0, 0, 1]).output).toBeNull();
  });

  it("has another output for each draw", () => {
    const audit: Draw = { purpose: "audit", number: 3 };
    const others = members.map((member) => beaconPart(member, audit, random));
    expect(draw([0, 1, 2], audit, others).output).not.toEqual(draw([0, 1, 2]).output);
  });

  it("refuses a part whose proof does not hold, of another member, or of another draw", () => {
    const start = startDrawing(committee, groups);
    expect(takeBeaconPart(start, 0, { ...parts[0]!, evaluated: mulBase(3n).toBytes() })).toBeNull();
    expect(takeBeaconPart(start, 0, { ...parts[0]!, proof: new Uint8Array(64) })).toBeNull();
    expect(takeBeaconPart(start, 1, parts[0]!)).toBeNull();
    expect(takeBeaconPart(start, 0, { ...parts[0]!, number: 4 })).toBeNull();
  });
});

describe("an evaluation", () => {
  const key = members[1]!.keys.token;
  const point = hashToGroup(Uint8Array.of(1)).toBytes();

  it("is RFC 9497's: the library verifies it, and hashes inputs to the same points", () => {
    const input = Uint8Array.of(1, 2, 3);
    const { blind, blinded } = VOPRF.blind(input);
    const { evaluated, proof } = evaluate(key, blinded, random);
    const V = key.public.verifyingShares[key.secret.identifier]!;
    const output = VOPRF.finalize(input, blind, evaluated, blinded, V, proof);
    const unblinded = evaluate(key, hashToGroup(input).toBytes(), random).evaluated;
    const one = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 1 : 0));
    expect(VOPRF.finalize(input, one, unblinded, hashToGroup(input).toBytes(), V, evaluate(key, hashToGroup(input).toBytes(), random).proof)).toEqual(output);
  });

  it("under another share, of another point or with a changed proof is refused", () => {
    const good = evaluate(key, point, random);
    expect(evaluationHolds(key.public, 1, point, good)).toBe(true);
    expect(evaluationHolds(key.public, 0, point, good)).toBe(false);
    expect(evaluationHolds(members[1]!.keys.beacon.public, 1, point, good)).toBe(false);
    expect(evaluationHolds(key.public, 1, hashToGroup(Uint8Array.of(2)).toBytes(), good)).toBe(false);
    for (const at of [0, 31, 32, 63]) expect(evaluationHolds(key.public, 1, point, { ...good, proof: good.proof.map((byte, i) => (i === at ? byte ^ 1 : byte)) })).toBe(false);
    // A member with another share proves that, not this.
    expect(evaluationHolds(key.public, 1, point, evaluate(members[0]!.keys.token, point, random))).toBe(false);
    expect(() => evaluate(key, new Uint8Array(32), random)).toThrow(IdentityError);
  });
});
