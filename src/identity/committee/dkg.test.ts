import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireError } from "../../wire/codec.ts";
import { committeeHash, verifyAnnouncement } from "./announce.ts";
import { membershipIn, stepDkg, type DkgEffect } from "./dkg.ts";
import { dealHash, dealStatement, decodeDkg, encodeDkg, type DkgMessage } from "./dkg-message.ts";
import { DKG, KEY_NAMES } from "./frost.ts";
import { LIMITS } from "./limits.ts";
import { form, people, runDkg, type People, type Run } from "./testing/bus.ts";

const failures = ({ outcomes }: Run, whom: readonly string[]): DkgEffect[] => [...outcomes].filter(([id]) => whom.includes(id)).map(([, list]) => list[0]!);

/** Changes one kind of message of one member. */
const twist =
  (who: People, kind: DkgMessage["kind"], change: (message: DkgMessage, to: string) => DkgMessage | null) =>
  (from: string, to: string, bytes: Uint8Array): Uint8Array | null => {
    const message = decodeDkg(bytes);
    if (from !== who.ids[0] || message.kind !== kind) return bytes;
    const changed = change(message, to);
    return changed && encodeDkg(changed);
  };

describe("distributed key generation", () => {
  it.each([4, 5, 7])("gives %i members one committee and the shares of three keys that nobody holds", (n) => {
    const { who, announcement, members } = form(n);
    expect(new Set(members.map(({ committee }) => bytesToHex(committeeHash(committee)))).size).toBe(1);
    for (const name of KEY_NAMES) {
      for (const { keys } of members) DKG[name].validateSecret(keys[name].secret, keys[name].public);
      const t = members[0]!.keys[name].public.signers.min;
      const secret = DKG[name].combineSecret(members.slice(0, t).map(({ keys }) => keys[name].secret), { min: t, max: n });
      expect(DKG[name].verify(DKG[name].sign(extractLike(), secret), extractLike(), announcement.committee.keys[name][0]!)).toBe(true);
    }
    expect(() => verifyAnnouncement(announcement, null, who.signatures(who.ids[0]!).verify)).not.toThrow();
  });

  it("a dealer whose share does not fit is complained of, and reveals a share that does", () => {
    const who = people(4);
    const bad = twist(who, "share", (message, to) => (message.kind === "share" && to === who.ids[1] ? { ...message, shares: { ...message.shares, token: message.shares.issuer } } : message));
    const run = runDkg(who, { tamper: bad });
    expect(failures(run, who.ids).map(({ type }) => type)).toEqual(["done", "done", "done", "done"]);
  });

  it("a dealer that reveals a share that does not fit is excluded, and the others go on without it", () => {
    const who = people(5);
    const wrong = (message: DkgMessage): DkgMessage => ("shares" in message ? { ...message, shares: { ...message.shares, beacon: message.shares.issuer } } : message);
    const bad = (from: string, to: string, bytes: Uint8Array): Uint8Array | null =>
      twist(who, "reveal", wrong)(from, to, twist(who, "share", (message, receiver) => (receiver === who.ids[1] ? wrong(message) : message))(from, to, bytes)!);
    const run = runDkg(who, { tamper: bad });
    for (const effect of failures(run, who.ids.slice(1))) expect(effect).toEqual({ type: "failed", fault: "bad-share", blamed: [who.ids[0]] });
    const rest = runDkg({ ...who, ids: who.ids.slice(1) });
    expect(failures(rest, who.ids.slice(1)).map(({ type }) => type)).toEqual(["done", "done", "done", "done"]);
  });

  it("a dealer that neither sends a share nor answers the complaint is excluded", () => {
    const who = people(4);
    const silent = (from: string, to: string, bytes: Uint8Array): Uint8Array | null =>
      twist(who, "reveal", () => null)(from, to, bytes) && twist(who, "share", (message, receiver) => (receiver === who.ids[2] ? null : message))(from, to, bytes);
    for (const effect of failures(runDkg(who, { tamper: silent }), who.ids.slice(1))) expect(effect).toEqual({ type: "failed", fault: "bad-share", blamed: [who.ids[0]] });
  });

  it("a dealer with more accusers than may lie is excluded before it reveals its polynomial", () => {
    const who = people(4);
    const revealed = new Set<number>();
    const bad = (from: string, to: string, bytes: Uint8Array): Uint8Array | null => {
      const message = decodeDkg(bytes);
      if (message.kind === "reveal") revealed.add(message.to);
      return twist(who, "share", (message) => ("shares" in message ? { ...message, shares: { ...message.shares, token: message.shares.issuer } } : message))(from, to, bytes);
    };
    for (const effect of failures(runDkg(who, { tamper: bad }), who.ids.slice(1))) expect(effect).toMatchObject({ fault: "bad-share", blamed: [who.ids[0]] });
    expect(revealed.size).toBeLessThanOrEqual(1);
  });

  it("a dealer that signs two deals is found by the echo, and no share leaves", () => {
    const who = people(4);
    const other = runDkg({ ...who }, { charter: {}, tamper: () => null }).states.get(who.ids[1]!)!.deals.get(1)!;
    const sent = new Set<string>();
    const twice = (from: string, to: string, bytes: Uint8Array): Uint8Array | null => {
      sent.add(`${from}/${decodeDkg(bytes).kind}`);
      return twist(who, "deal", (message, receiver) => {
        if (message.kind !== "deal" || receiver !== who.ids[2]) return message;
        const changed = { ...message, seal: other.seal };
        return { ...changed, signature: who.signatures(who.ids[0]!).sign(dealStatement(message.session, dealHash(changed))) };
      })(from, to, bytes);
    };
    for (const effect of failures(runDkg(who, { tamper: twice }), who.ids.slice(1))) expect(effect).toEqual({ type: "failed", fault: "equivocation", blamed: [who.ids[0]] });
    expect([...sent].filter((key) => key.endsWith("/share"))).toEqual([]);
  });

  it("a member that echoes a deal that nobody signed is to blame itself", () => {
    const who = people(4);
    const liar = twist(who, "echo", (message) => (message.kind === "echo" ? { ...message, seen: message.seen.map((one, at) => (at === 2 ? { ...one, hash: new Uint8Array(32) } : one)) } : message));
    for (const effect of failures(runDkg(who, { tamper: liar }), who.ids.slice(1))) expect(effect).toEqual({ type: "failed", fault: "equivocation", blamed: [who.ids[0]] });
  });

  it("a deal without knowledge of its secret is named", () => {
    const who = people(4);
    const forged = twist(who, "deal", (message) => {
      if (message.kind !== "deal") return message;
      const changed = { ...message, token: { ...message.token, proof: message.issuer.proof } };
      return { ...changed, signature: who.signatures(who.ids[0]!).sign(dealStatement(message.session, dealHash(changed))) };
    });
    let deal: { hash: Uint8Array; signature: Uint8Array } | null = null;
    const echoed = (from: string, to: string, bytes: Uint8Array): Uint8Array | null => {
      const sent = forged(from, to, bytes)!;
      const message = decodeDkg(sent);
      if (from === who.ids[0] && message.kind === "deal") deal = { hash: dealHash(message), signature: message.signature };
      return from === who.ids[0] && message.kind === "echo" ? encodeDkg({ ...message, seen: [deal!, ...message.seen.slice(1)] }) : sent;
    };
    for (const effect of failures(runDkg(who, { tamper: echoed }), who.ids.slice(1))) expect(effect).toEqual({ type: "failed", fault: "bad-deal", blamed: [who.ids[0]] });
  });

  it("a silent member is named at the deadline", () => {
    const who = people(4);
    const run = runDkg(who, { tamper: (from, _to, bytes) => (from === who.ids[3] ? null : bytes) });
    for (const effect of failures(run, who.ids.slice(0, 3))) expect(effect).toEqual({ type: "failed", fault: "silent", blamed: [who.ids[3]] });
  });

  it("a member that missed a consent belongs all the same, once it is shown everybody's", () => {
    const who = people(4);
    const run = runDkg(who, { tamper: (from, to, bytes) => (from === who.ids[0] && to === who.ids[1] && decodeDkg(bytes).kind === "consent" ? null : bytes) });
    expect(run.outcomes.get(who.ids[1]!)![0]).toEqual({ type: "failed", fault: "silent", blamed: [who.ids[0]] });
    const shown = run.outcomes.get(who.ids[2]!)![0]!;
    if (shown.type !== "done") throw new Error("the others are done");
    expect(membershipIn(run.states.get(who.ids[1]!)!, shown.announcement)?.place).toBe(1);
    expect(membershipIn(run.states.get(who.ids[1]!)!, form(4, "elsewhere").announcement)).toBeNull();
  });

  it("takes no bytes for a message that are none", () => {
    const who = people(4);
    const { states } = runDkg(who, { tamper: () => null });
    const state = states.get(who.ids[0]!)!;
    const real = encodeDkg(state.deals.get(0)!);
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.nat(real.length - 1).map((at) => real.map((byte, i) => (i === at ? byte ^ 1 : byte)))), (bytes) => {
        expect(() => stepDkg(state, { now: 0, type: "message", from: who.ids[1]!, bytes })).not.toThrow();
        try {
          decodeDkg(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 100 },
    );
    expect(() => decodeDkg(new Uint8Array(LIMITS.messageBytes + 1))).toThrow(WireError);
  });
});

/** A message that all three schemes can sign: the issuer's challenge parses T(U, id). */
function extractLike(): Uint8Array {
  const message = new Uint8Array(4 + 32 + 4 + 45);
  message[3] = 32;
  message.set(DKG.token.utils.generateSecretPolynomial({ min: 2, max: 2 }, new Uint8Array(32).fill(1)).commitment[0]!, 4);
  message[39] = 45;
  return message;
}
