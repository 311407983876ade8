import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { peerIdOf, type PeerId } from "../../wire/ids.ts";
import { sign, verify } from "../sign.ts";
import { mulBase, scalarBytes } from "../suite.ts";
import { countsCover, decodeCounts, encodeCounts } from "./counts.ts";
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest, type Answer, type Request } from "./message.ts";
import { isRevoked, revocationName } from "./revocation.ts";
import { openAnswer, openSealed, sealAnswer, sealTo } from "./seal.ts";
import { presentToken } from "./tokens.ts";
import { stepMember } from "./member.ts";
import { form, seeded } from "./testing/bus.ts";
import { keyOfPseudonym, register, serve, tokenOf, type Hook, type Service } from "./testing/service.ts";

const random = seeded("member");
const device = (n: number): PeerId => peerIdOf(new Uint8Array(16).fill(n));

/** What a member's machine would have seen and said, opened: the test holds its secret. */
function opened(s: Service, change: (place: number, request: Request, answer: Answer) => Answer | null): Hook {
  const asked = new Map<number, { request: Request; answerKey: Uint8Array }>();
  return (place, bytes, way) => {
    if (way === "to") {
      const { bytes: plain, answerKey } = openSealed(s.formed.members[place]!.seal, bytes, random);
      asked.set(place, { request: decodeRequest(plain), answerKey });
      return bytes;
    }
    const { request, answerKey } = asked.get(place)!;
    const answer = plainAnswer(answerKey, bytes);
    const changed = change(place, request, answer);
    return changed && (changed === answer ? bytes : sealAnswer(answerKey, encodeAnswer(changed), random));
  };
}

describe("a committee at work", () => {
  it.each([4, 5, 7])("of %i registers a device, and turns its token into a pseudonym that signs", async (n) => {
    const s = serve(form(n));
    const key = keyOfPseudonym(s.redeem(await register(s, device(1)), 0));
    const message = Uint8Array.of(1, 2, 3);
    const signature = sign(key, message, new Uint8Array(0), random);
    expect(verify(key.certificate, form(n).announcement.committee.keys.issuer[0]!, message, new Uint8Array(0), signature)).toBe(true);
  });

  it("gives a pseudonym its next token at the epoch's end only, once, and not if it is revoked", async () => {
    const s = serve(form(4));
    const good = keyOfPseudonym(s.redeem(await register(s, device(1)), 0));
    const bad = keyOfPseudonym(s.redeem(await register(s, device(2)), 0));
    expect(s.issue({ device: device(3), pseudonym: good.certificate }).type).toBe("failed");
    s.tell({ type: "revoke", name: revocationName(bad.W) });
    s.tell({ type: "closing" });
    const token = tokenOf(s.issue({ device: device(3), pseudonym: good.certificate }));
    expect(s.issue({ device: device(3), pseudonym: good.certificate }).type).toBe("failed");
    expect(s.issue({ device: device(4), pseudonym: bad.certificate }).type).toBe("failed");
    expect(keyOfPseudonym(s.redeem(token, 1)).id).not.toEqual(good.id);
    s.tell({ type: "epoch", epoch: 1 });
    s.tell({ type: "closing" });
    expect(s.issue({ device: device(3), pseudonym: good.certificate }).type).toBe("failed");
  });

  it("registers a device once, for work of its own in this epoch", async () => {
    const s = serve(form(4));
    await register(s, device(1));
    await expect(register(s, device(1))).rejects.toThrow("no token");
    expect(s.issue({ device: device(2), work: { epoch: 0, nonce: new Uint8Array(8).fill(255) } }).type).toBe("failed");
    await expect(register(s, device(3), 7)).rejects.toThrow("no token");
  });

  it("takes a token once: neither the same one again nor one that it did not issue", async () => {
    const s = serve(form(4));
    const token = await register(s, device(1));
    keyOfPseudonym(s.redeem(token, 0));
    expect(s.redeem(token, 0).outcome.type).toBe("failed");
    const other = await register(s, device(2));
    const forged = { ...other, input: random(32) };
    expect(s.redeem(forged, 0).outcome.type).toBe("failed");
    // Parts of t − 1 members and a made-up one are no token.
    const made = { place: other.parts[0]!.place, point: mulBase(5n).toBytes() };
    expect(s.redeem({ ...other, parts: [made, ...other.parts.slice(1)] }, 0).outcome.type).toBe("failed");
    // Spent at its first presentation, valid or not.
    expect(s.redeem(other, 0).outcome.type).toBe("failed");
  });

  it("refuses a second request for one id, with the same U or another", async () => {
    const s = serve(form(4));
    const [one, two] = [await register(s, device(1)), await register(s, device(2))];
    const replies: Answer["kind"][] = [];
    const key = keyOfPseudonym(s.redeem(one, 0));
    // The second token's holder asks for the first one's id, MAC and all.
    for (const [place, state] of s.states.entries()) {
      const request = { id: key.id, U: mulBase(9n).toBytes(), instead: null };
      const bytes = encodeRequest({ kind: "redeem", ref: random(16), ...request, input: two.input, mac: presentToken(two, place, request) });
      const { sealed, answerKey } = sealTo(s.formed.announcement.committee.seals[place]!, bytes, random);
      const [, effects] = stepMember(state, { now: s.now, type: "sealed", via: device(5), bytes: sealed });
      for (const effect of effects) if (effect.type === "answer") replies.push(plainAnswer(answerKey, effect.bytes).kind);
    }
    expect(replies).toEqual(["refusal", "refusal", "refusal", "refusal"]);
  });

  it("names a member with a wrong share, goes on with another, and the spoilt id is revoked", async () => {
    const s = serve(form(4));
    let first: Uint8Array | null = null;
    const hook = opened(s, (place, request, answer) => {
      if (request.kind === "redeem") first ??= request.id;
      return place === 0 && answer.kind === "signature-share" ? { ...answer, share: scalarBytes(3n) } : answer;
    });
    const result = s.redeem(await register(s, device(1)), 0, hook);
    expect(result.spoilt).toMatchObject([{ wrong: [s.formed.who.ids[0]] }]);
    const key = keyOfPseudonym(result);
    expect(key.id).not.toEqual(first);
    for (const state of s.states.slice(1)) {
      expect(isRevoked(state.revoked, { id: first!, W: key.W })).toBe(true);
      expect(isRevoked(state.revoked, key.certificate)).toBe(false);
      expect(state.issued.size).toBe(1);
    }
  });

  it("replaces an attempt no more often than members may spoil one", async () => {
    const s = serve(form(4));
    const spoil = opened(s, (_place, _request, answer) => (answer.kind === "signature-share" ? { ...answer, share: scalarBytes(3n) } : answer));
    const { outcome, spoilt } = s.redeem(await register(s, device(1)), 0, spoil);
    expect(outcome.type).toBe("failed");
    expect(spoilt.length).toBeLessThanOrEqual(2);
  });

  it("goes on without a member that is silent, and fails without a quorum", async () => {
    const s = serve(form(5));
    const silent = (n: number): Hook => (place, bytes, way) => (place < n && way === "from" ? null : bytes);
    keyOfPseudonym(s.redeem(await register(s, device(1)), 0, silent(1)));
    expect(s.redeem(await register(s, device(2)), 0, silent(2)).outcome.type).toBe("failed");
  });

  it("names a member whose evaluation proves nothing, and takes the token from the others", async () => {
    const s = serve(form(4));
    const forging: Service = {
      ...s,
      issue: (as) =>
        s.issue(as, (place, bytes, way) => {
          if (place !== 0 || way === "to") return bytes;
          const answer = decodeAnswer(bytes);
          return answer.kind === "evaluation" ? encodeAnswer({ ...answer, evaluated: mulBase(7n).toBytes() }) : bytes;
        }),
    };
    let effect: ReturnType<Service["issue"]> | null = null;
    const token = await register({ ...forging, issue: (as) => (effect = forging.issue(as)) }, device(1));
    expect(effect).toMatchObject({ type: "token", wrong: [s.formed.who.ids[0]] });
    keyOfPseudonym(s.redeem(token, 0));
  });

  it("the issuers see nothing at issuing that they see at redemption", async () => {
    const s = serve(form(4));
    const [atIssue, atRedemption]: [Uint8Array[], Uint8Array[]] = [[], []];
    const key = await (async () => {
      const token = await register(watched(s, atIssue), device(1));
      return keyOfPseudonym(s.redeem(token, 0, (place, bytes, way) => {
        atRedemption.push(bytes);
        if (way === "to") atRedemption.push(openSealed(s.formed.members[place]!.seal, bytes, random).bytes);
        return bytes;
      }));
    })();
    expect(atIssue.length).toBeGreaterThan(0);
    const windows = new Set(atIssue.flatMap((bytes) => slices(bytes, 8)));
    // What frames have in common, and the public ids of members, are no link: 8 bytes of chance are.
    const shared = atRedemption.flatMap((bytes) => slices(bytes, 8)).filter((window) => windows.has(window) && !isFraming(window));
    expect(shared).toEqual([]);
    expect(key.id).toHaveLength(45);
  });

  it("tells its counts at an epoch's edge; more issued than spent is refused by whoever reads them", async () => {
    const s = serve(form(4));
    keyOfPseudonym(s.redeem(await register(s, device(1)), 0));
    const token = await register(s, device(2));
    s.redeem({ ...token, input: random(32) }, 0);
    const told = s.tell({ type: "epoch", epoch: 1 }).map(([effect]) => {
      if (effect?.type !== "broadcast") throw new Error("counts are for everybody");
      return decodeCounts(effect.bytes);
    });
    for (const counts of told) expect(counts).toMatchObject({ tokens: 2, spent: 2 });
    expect(told.reduce((sum, { issued }) => sum + issued, 0)).toBe(3);
    expect(countsCover(told, 4, 1)).toBe(true);
    expect(countsCover(told, 4, 2)).toBe(false);
    expect(() => decodeCounts(encodeCounts({ tokens: 5, spent: 1, issued: 2 }))).toThrow("more pseudonyms than tokens spent");
  });
});

/** Keeps what members get at issuing. */
const watched = (s: Service, seen: Uint8Array[]): Service => ({
  ...s,
  issue: (as) =>
    s.issue(as, (_place, bytes) => {
      seen.push(bytes);
      return bytes;
    }),
});

const slices = (bytes: Uint8Array, length: number): string[] => Array.from({ length: Math.max(0, bytes.length - length + 1) }, (_, at) => bytesToHex(bytes.subarray(at, at + length)));

/** Field names and CBOR heads, which every frame has. */
const FRAMING = [encodeRequest({ kind: "issue", ref: new Uint8Array(16), blinded: new Uint8Array(32), work: null }), encodeAnswer({ kind: "refusal", ref: new Uint8Array(16) })].flatMap((frame) => slices(frame, 8));
const isFraming = (window: string): boolean => FRAMING.includes(window) || /^(..)*(63726566|646b696e64)/.test(window);

function plainAnswer(answerKey: Uint8Array, bytes: Uint8Array): Answer {
  return decodeAnswer(openAnswer(answerKey, bytes));
}
