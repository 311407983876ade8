import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { IdentityError } from "../errors.ts";
import { committeeHash, decodeAnnouncement, encodeAnnouncement, keyOf, successionMessage, verifyAnnouncement, type Announcement } from "./announce.ts";
import { startMember, stepMember, type MemberState } from "./member.ts";
import { decodeAnswer, encodeRequest, type Request } from "./message.ts";
import { encodeRevocationList, isRevoked, openRevocationList, revocationMessage, revocationName } from "./revocation.ts";
import { startSigning, stepSigning, type SigningEffect } from "./signing.ts";
import { form, seeded, type Formed } from "./testing/bus.ts";

const random = seeded("announce");
const old = form(4, "old");
const next = form(5, "next", { generation: 1, previous: committeeHash(old.announcement.committee) });
const CHEAP = { memory: 8, passes: 1, bits: 0 };

/** The members of a committee; they know the people of the next one. */
const atWork = ({ members }: Formed, verify = next.who.signatures(next.who.ids[0]!).verify): MemberState[] =>
  members.map((membership) => startMember({ membership, random, verify, work: CHEAP }, 0));

/** Has a committee sign a statement, by its members' own machines. */
function ask({ announcement: { committee } }: Formed, members: MemberState[], request: (ref: Uint8Array) => Request, message: Uint8Array): SigningEffect {
  const ref = random(16);
  const places = committee.members.map((_, place) => place);
  let [signing, effects] = startSigning({ scheme: "statement", key: keyOf(committee, "issuer"), message, ref, ask: new Map(places.map((place) => [place, request(ref)])) }, 0);
  for (;;) {
    const end = effects.find(({ type }) => type !== "ask");
    if (end) return end;
    const asks = effects.filter((effect) => effect.type === "ask");
    if (asks.length === 0) throw new Error("nobody answers");
    effects = [];
    for (const { place, request: asked } of asks) {
      const [state, told] = stepMember(members[place]!, { now: 0, type: "message", from: committee.members[0]!, pseudonym: null, bytes: encodeRequest(asked) });
      members[place] = state;
      for (const effect of told) {
        if (effect.type !== "send") continue;
        const [after, more] = stepSigning(signing, { now: 0, type: "answer", place, answer: decodeAnswer(effect.bytes) });
        signing = after;
        effects.push(...more);
      }
    }
  }
}

const succeed = (announcement: Announcement) => (ref: Uint8Array): Request => ({ kind: "succeed", ref, announcement: encodeAnnouncement(announcement) });
const wordFor = ({ committee }: Announcement): Uint8Array => successionMessage(committeeHash(committee));
const approve = (members: MemberState[], { committee }: Announcement): MemberState[] =>
  members.map((member) => stepMember(member, { now: 0, type: "approve", successor: bytesToHex(committeeHash(committee)) })[0]);

describe("a committee's successor", () => {
  const verify = next.who.signatures(next.who.ids[0]!).verify;

  it("signed by the old one, is verified", () => {
    const effect = ask(old, approve(atWork(old), next.announcement), succeed(next.announcement), wordFor(next.announcement));
    if (effect.type !== "signed") throw new Error("the old committee did not sign");
    const announcement = decodeAnnouncement(encodeAnnouncement({ ...next.announcement, succession: effect.signature }));
    expect(() => verifyAnnouncement(announcement, old.announcement.committee, verify)).not.toThrow();
    const forged = { ...announcement, succession: effect.signature.map((byte, at) => (at === 40 ? byte ^ 1 : byte)) };
    expect(() => verifyAnnouncement(forged, old.announcement.committee, verify)).toThrow(IdentityError);
    // By another committee than the one that they name, without a signature, or as a founding.
    expect(() => verifyAnnouncement(announcement, form(4, "third").announcement.committee, verify)).toThrow(IdentityError);
    expect(() => verifyAnnouncement(next.announcement, old.announcement.committee, verify)).toThrow(IdentityError);
    expect(() => verifyAnnouncement(announcement, null, verify)).toThrow(IdentityError);
  });

  it("is not signed unless the members' devices approved it, and they approve one", () => {
    expect(ask(old, atWork(old), succeed(next.announcement), wordFor(next.announcement)).type).toBe("failed");
    const other = form(4, "usurpers", { generation: 1, previous: committeeHash(old.announcement.committee) });
    const approved = approve(approve(atWork(old), next.announcement), other.announcement);
    expect(ask(old, approved, succeed(other.announcement), wordFor(other.announcement)).type).toBe("failed");
  });

  it("needs every member's consent, and consent to exactly this committee", () => {
    const { committee, consents } = old.announcement;
    const check = (announcement: Announcement) => () => verifyAnnouncement(announcement, null, old.who.signatures(old.who.ids[0]!).verify);
    expect(check(old.announcement)).not.toThrow();
    expect(check({ ...old.announcement, consents: consents.slice(1) })).toThrow(IdentityError);
    expect(check({ ...old.announcement, consents: [consents[1]!, ...consents.slice(1)] })).toThrow(IdentityError);
    const keys = { ...committee.keys, token: committee.keys.beacon };
    expect(check({ ...old.announcement, committee: { ...committee, keys } })).toThrow(IdentityError);
    expect(check({ ...old.announcement, committee: { ...committee, lineage: 1 } })).toThrow(IdentityError);
  });
});

describe("a revocation list", () => {
  const { committee } = old.announcement;
  const W = random(32);
  const hash = Uint8Array.from(Buffer.from(revocationName(W), "hex"));
  const revoke = (ref: Uint8Array): Request => ({ kind: "revoke", ref, epoch: 0, hashes: [hash] });

  it("is signed by members that hold the same pseudonyms for revoked, and by no others", () => {
    const message = revocationMessage(committee, 0, [hash]);
    expect(ask(old, atWork(old), revoke, message).type).toBe("failed");
    const members = atWork(old).map((member) => stepMember(member, { now: 0, type: "revoke", name: revocationName(W) })[0]);
    const effect = ask(old, members, revoke, message);
    if (effect.type !== "signed") throw new Error("the committee did not sign");
    const list = { epoch: 0, hashes: [hash], signature: effect.signature };
    const opened = openRevocationList(encodeRevocationList(list), committee);
    expect(isRevoked(new Set(opened.hashes.map(bytesToHex)), { id: new Uint8Array(45), W })).toBe(true);
    expect(() => openRevocationList(encodeRevocationList({ ...list, epoch: 1 }), committee)).toThrow(IdentityError);
    expect(() => openRevocationList(encodeRevocationList(list), next.announcement.committee)).toThrow(IdentityError);
  });
});
