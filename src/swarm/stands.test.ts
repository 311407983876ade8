import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { decodeMessage, encodeMessage, NO_VIEW, signedBytes, type Word } from "./message.ts";
import { heard } from "./stands.ts";
import type { Heard } from "./state.ts";

const [a, b, c, carrier] = Array.from({ length: 4 }, (_, i) => i.toString(16).padStart(32, "0") as PeerId) as [PeerId, PeerId, PeerId, PeerId];
const word: Word = { kind: "stand", root: NO_VIEW, round: 3, weight: 9, taking: true, votes: [], busy: true, slow: false, part: null, cut: null, signed: false };
const digest = (peer: PeerId, message: Uint8Array): Uint8Array => sha256(concatBytes(utf8ToBytes(peer), message));
const sign = (peer: PeerId, said: Word, seq: number): Uint8Array<ArrayBuffer> => concatBytes(digest(peer, signedBytes(said, seq)), new Uint8Array(32)) as Uint8Array<ArrayBuffer>;
const by = (...peers: PeerId[]) => peers.map((peer, i) => ({ peer, seq: 10 + i, signature: sign(peer, word, 10 + i) }));
const stands = (signers: ReturnType<typeof by>, said = word) => encodeMessage({ kind: "stands", said: [{ word: said, by: signers }] });
const verify = (peer: PeerId, message: Uint8Array, signature: Uint8Array): boolean => digest(peer, message).every((byte, i) => byte === signature[i]);
const known = (...peers: [PeerId, number][]) => ({ stands: new Map(peers.map(([peer, seq]) => [peer, { ...word, seq, signature: new Uint8Array(64), since: 0, times: 1 } satisfies Heard])) });
const signersIn = (bytes: Uint8Array): PeerId[] => {
  const message = decodeMessage(bytes);
  return message.kind === "stands" ? message.said.flatMap(({ by: signers }) => signers.map(({ peer }) => peer)) : [];
};

test("words that their devices have signed are heard as they came", () => {
  const bytes = stands(by(a, b, c));
  expect(heard(known(), carrier, bytes, verify)).toEqual({ type: "message", from: carrier, bytes });
});

test("a signature under another word, under another number or by another device is the fault of who handed it on", () => {
  const others: ReturnType<typeof by>[] = [
    [{ ...by(a)[0]!, seq: 11 }],
    [{ ...by(a)[0]!, peer: b }],
    [...by(a), { peer: b, seq: 3, signature: sign(b, { ...word, round: 2 }, 3) }],
  ];
  for (const signers of others) expect(heard(known(), carrier, stands(signers), verify)).toEqual({ type: "forged", from: carrier });
  expect(heard(known(), carrier, stands(by(a), { ...word, votes: [NO_VIEW] }), verify)).toEqual({ type: "forged", from: carrier });
});

test("what is said for a node is signed with the rest of the word", () => {
  const above = { part: "ab".repeat(32), cut: { hash: "cd".repeat(32), units: 3 }, signed: true, outcome: null, votes: [{ root: NO_VIEW, count: 40 }] };
  const said: Word = { ...word, above };
  const signers = [{ peer: a, seq: 10, signature: sign(a, said, 10) }];
  const bytes = stands(signers, said);
  expect(decodeMessage(bytes)).toMatchObject({ said: [{ word: { above } }] });
  expect(heard(known(), carrier, bytes, verify)).toEqual({ type: "message", from: carrier, bytes });
  for (const change of [{ signed: false }, { outcome: NO_VIEW }, { votes: [{ root: NO_VIEW, count: 41 }] }, { cut: null }, { cut: { ...above.cut, units: 1 } }]) expect(heard(known(), carrier, stands(signers, { ...said, above: { ...above, ...change } }), verify)).toEqual({ type: "forged", from: carrier });
  expect(heard(known(), carrier, stands(signers), verify)).toEqual({ type: "forged", from: carrier });
});

test("what is known already is not heard again, and costs no check", () => {
  const refuse = (): never => {
    throw new Error("checked");
  };
  expect(heard(known([a, 10]), carrier, stands(by(a)), refuse)).toBeNull();
  const event = heard(known([a, 10]), carrier, stands(by(a, b)), verify);
  expect(event?.type === "message" && signersIn(event.bytes)).toEqual([b]);
});

test("a device whose key is not known is left out, and nobody is blamed for it", () => {
  const event = heard(known(), carrier, stands(by(a, b)), (peer, message, signature) => (peer === a ? null : verify(peer, message, signature)));
  expect(event?.type === "message" && signersIn(event.bytes)).toEqual([b]);
});

test("a device counts once: doubled signers, and signers out of order, are no message", () => {
  const [first, second] = by(a, b);
  for (const signers of [[first!, first!], [second!, first!], []]) expect(() => decodeMessage(stands(signers))).toThrow(WireError);
});
