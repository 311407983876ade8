import type { DKG_Round1, DKG_Secret } from "@noble/curves/abstract/frost.js";
import { mulBase, pointOf, scalarOf, type Random } from "../suite.ts";
import { IdentityError } from "../errors.ts";
import type { Deal, Shares } from "./dkg-message.ts";
import { DKG, identifierOf, KEY_NAMES, rng, verifyingShare, type KeyName, type KeyShare } from "./frost.ts";
import { thresholdOf } from "./limits.ts";

/** The library's rounds for three keys at once. Its secrets are objects that it wipes in place. */
export type Secrets = Record<KeyName, DKG_Secret>;

const forKeys = <V>(make: (name: KeyName) => V): Record<KeyName, V> => ({ issuer: make("issuer"), token: make("token"), beacon: make("beacon") });

const signers = (members: number) => ({ min: thresholdOf(members), max: members });

const round1 = (name: KeyName, place: number, members: number, random: Random) =>
  DKG[name].DKG.round1(identifierOf(place), signers(members), undefined, rng(random));

const packageOf = (deal: Deal, name: KeyName, place: number): DKG_Round1 => ({
  identifier: identifierOf(place),
  commitment: deal[name].commitment.map((point) => Uint8Array.from(point)),
  proofOfKnowledge: Uint8Array.from(deal[name].proof),
});

export function openDeal(place: number, members: number, random: Random): { secrets: Secrets; deal: Pick<Deal, KeyName> } {
  const rounds = forKeys((name) => round1(name, place, members, random));
  return {
    secrets: forKeys((name) => rounds[name].secret),
    deal: forKeys((name) => ({ commitment: rounds[name].public.commitment, proof: rounds[name].public.proofOfKnowledge })),
  };
}

/** The deals (by place) of all but `self`, as the library takes them. */
const othersOf = (deals: ReadonlyMap<number, Deal>, self: number, name: KeyName): DKG_Round1[] =>
  [...deals].filter(([place]) => place !== self).map(([place, deal]) => packageOf(deal, name, place));

/**
 * Round 2: checks every deal and computes the others' shares.
 * @returns shares by place, or the places whose deals are not in order.
 */
export function dealShares(secrets: Secrets, deals: ReadonlyMap<number, Deal>, self: number, random: Random): Map<number, Shares> | { bad: number[] } {
  const others = [...deals.keys()].filter((place) => place !== self);
  let dealt: Record<KeyName, ReturnType<(typeof DKG)[KeyName]["DKG"]["round2"]>>;
  try {
    for (const deal of deals.values()) pointOf(deal.seal);
    dealt = forKeys((name) => DKG[name].DKG.round2(secrets[name], othersOf(deals, self, name)));
  } catch (cause) {
    const bad = others.filter((place) => !inOrder(deals.get(place)!, place, self, deals.size, random));
    // Every deal is in order by itself, so the fault is not a member's.
    if (bad.length === 0) throw cause;
    return { bad };
  }
  return new Map(others.map((place) => [place, forKeys((name) => dealt[name][identifierOf(place)]!.signingShare)]));
}

/** The library does not say whose package is wrong: so this one goes in alone, among good ones made for the purpose. */
function inOrder(deal: Deal, dealer: number, self: number, members: number, random: Random): boolean {
  const places = Array.from({ length: members }, (_, place) => place).filter((place) => place !== self);
  try {
    pointOf(deal.seal);
    for (const name of KEY_NAMES) {
      const others = places.map((place) => (place === dealer ? packageOf(deal, name, place) : round1(name, place, members, random).public));
      DKG[name].DKG.round2(round1(name, self, members, random).secret, others);
    }
    return true;
  } catch {
    return false;
  }
}

/** Whether these are the shares of the member at `place` under this deal (a deal that passed round 2). */
export function sharesFit(deal: Deal, shares: Shares, place: number): boolean {
  try {
    return KEY_NAMES.every((name) => mulBase(scalarOf(shares[name])).equals(verifyingShare(deal[name].commitment.map(pointOf), place)));
  } catch (error) {
    if (error instanceof IdentityError) return false;
    throw error;
  }
}

/** Round 3: the keys, from valid shares of all the others. Wipes the secrets. */
export function finishKeys(secrets: Secrets, deals: ReadonlyMap<number, Deal>, shares: ReadonlyMap<number, Shares>, self: number): Record<KeyName, KeyShare> {
  return forKeys((name) => {
    const round2 = [...shares].map(([place, share]) => ({ identifier: identifierOf(place), signingShare: Uint8Array.from(share[name]) }));
    return DKG[name].DKG.round3(secrets[name], othersOf(deals, self, name), round2);
  });
}
