import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireError } from "../../wire/codec.ts";
import { IdentityError } from "../errors.ts";
import { mulBase } from "../suite.ts";
import { decodeAnnouncement, encodeAnnouncement, verifyAnnouncement } from "./announce.ts";
import { decodeBeaconPart, encodeBeaconPart } from "./beacon.ts";
import { decodeCounts, encodeCounts } from "./counts.ts";
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest, type Answer, type Request } from "./message.ts";
import { encodeRevocationList, openRevocationList } from "./revocation.ts";
import { openAnswer, openSealed, sealAnswer, SEALED_ANSWER_BYTES, SEALED_BYTES, sealTo } from "./seal.ts";
import { form, seeded } from "./testing/bus.ts";

const random = seeded("codec");
const { announcement, who } = form(4);
const ref = random(16);
const point = mulBase(3n).toBytes();
const requests: Request[] = [
  { kind: "issue", ref, blinded: point, work: { epoch: 1, nonce: random(8) } },
  { kind: "redeem", ref, id: random(45), U: point, input: random(32), mac: random(32), instead: null },
  { kind: "succeed", ref, announcement: encodeAnnouncement(announcement) },
  { kind: "revoke", ref, epoch: 2, hashes: [random(32)] },
  { kind: "package", ref, list: [0, 2, 3].map((place) => ({ place, hiding: point, binding: point })) },
];
const answers: Answer[] = [
  { kind: "commitments", ref, hiding: point, binding: point },
  { kind: "signature-share", ref, share: random(32) },
  { kind: "evaluation", ref, evaluated: point, proof: random(64) },
  { kind: "refusal", ref },
];

const decoders: [string, Uint8Array[], (bytes: Uint8Array) => unknown][] = [
  ["announcement", [encodeAnnouncement(announcement)], decodeAnnouncement],
  ["request", requests.map(encodeRequest), decodeRequest],
  ["answer", answers.map(encodeAnswer), decodeAnswer],
  ["beacon part", [encodeBeaconPart({ purpose: "audit", number: 1, evaluated: point, proof: random(64) })], decodeBeaconPart],
  ["counts", [encodeCounts({ tokens: 3, spent: 2, issued: 1 })], decodeCounts],
  ["revocation list", [encodeRevocationList({ epoch: 1, hashes: [random(32)], signature: random(64) })], (bytes) => openRevocationList(bytes, announcement.committee)],
];

describe("frames of the committee", () => {
  it("come out as they went in", () => {
    for (const request of requests) expect(decodeRequest(encodeRequest(request))).toEqual(request);
    for (const answer of answers) expect(decodeAnswer(encodeAnswer(answer))).toEqual(answer);
    expect(decodeAnnouncement(encodeAnnouncement(announcement))).toEqual(announcement);
  });

  it.each(decoders)("bytes that are no %s are refused by a typed error, and nothing else happens", (_name, frames, decode) => {
    const broken = fc.nat(frames.length - 1).chain((which) => fc.tuple(fc.nat(frames[which]!.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => frames[which]!.map((byte, i) => (i === at ? byte ^ flip : byte))));
    const cut = fc.nat(frames.length - 1).chain((which) => fc.nat(frames[which]!.length - 1).map((length) => frames[which]!.slice(0, length)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), broken, cut), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          if (!(error instanceof WireError) && !(error instanceof IdentityError)) throw error;
        }
      }),
      { numRuns: 200 },
    );
    expect(() => decode(new Uint8Array(100_000))).toThrow(WireError);
  });

  it("an announcement with any byte changed is no announcement", () => {
    const bytes = encodeAnnouncement(announcement);
    const { verify } = who.signatures(who.ids[0]!);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        expect(() => verifyAnnouncement(decodeAnnouncement(bytes.map((byte, i) => (i === at ? byte ^ flip : byte))), null, verify)).toThrow();
      }),
      { numRuns: 40 },
    );
  });

  it("a sealed request and its answer have one size, open once more only to their keys, and no byte can be changed", () => {
    const secret = 11n;
    const S = mulBase(secret).toBytes();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1020 }), fc.nat(SEALED_BYTES - 1), (bytes, at) => {
        const { sealed, answerKey } = sealTo(S, bytes, random);
        expect(sealed).toHaveLength(SEALED_BYTES);
        const opened = openSealed(secret, sealed, random);
        expect(opened.bytes).toEqual(bytes);
        expect(() => openSealed(12n, sealed, random)).toThrow(IdentityError);
        expect(() => openSealed(secret, sealed.map((byte, i) => (i === at ? byte ^ 1 : byte)), random)).toThrow(IdentityError);
        const answer = sealAnswer(opened.answerKey, bytes, random);
        expect(answer).toHaveLength(SEALED_ANSWER_BYTES);
        expect(openAnswer(answerKey, answer)).toEqual(bytes);
        expect(() => openAnswer(sealTo(S, bytes, random).answerKey, answer)).toThrow(IdentityError);
      }),
      { numRuns: 10 },
    );
    expect(sealAnswer(random(32), new Uint8Array(3), random)).not.toEqual(sealAnswer(random(32), new Uint8Array(3), random));
  });
});
