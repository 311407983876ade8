import fc from "fast-check";
import { expect, test } from "vitest";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { decodeMessage, encodeMessage, NO_VIEW, type Message } from "./message.ts";
import { PHASES } from "./phase.ts";

const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes).toString("hex"));
const peers = fc.uniqueArray(hex(16), { maxLength: 15 }).map((list) => list.sort() as PeerId[]);
const natural = fc.nat({ max: 2 ** 31 });
const kind = fc.constantFrom("update" as const, "sum" as const, "share" as const, "record" as const, "model" as const, "part" as const, "chunk" as const, "total" as const, "reveal" as const);
const hash = fc.option(hex(32), { nil: null });
const answer = fc.option(fc.uint8Array({ maxLength: 200 }).map((bytes) => bytes as Uint8Array<ArrayBuffer>), { nil: null });

const signers = fc.tuple(fc.uniqueArray(hex(16), { minLength: 1, maxLength: 15 }), natural, fc.uint8Array({ minLength: 64, maxLength: 64 })).map(([list, seq, bytes]) => list.sort().map((peer) => ({ peer: peer as PeerId, seq, signature: bytes as Uint8Array<ArrayBuffer> })));

const cut = fc.option(fc.record({ hash: hex(32), units: fc.nat({ max: 2 ** 32 - 1 }) }), { nil: null });
const above = fc.record({ part: hex(32), cut, signed: fc.boolean(), outcome: hash, votes: fc.array(fc.record({ root: hex(32), count: natural }), { maxLength: 2 }) });
const word = fc.record({
  kind: fc.constant("stand" as const),
  root: hex(32),
  round: natural,
  weight: natural,
  target: fc.option(hex(32), { nil: undefined }),
  taking: fc.boolean(),
  busy: fc.boolean(),
  slow: fc.boolean(),
  part: hash,
  cut,
  signed: fc.boolean(),
  votes: fc.array(hex(32), { maxLength: 5 }),
  above: fc.option(above, { nil: undefined }),
});

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant("status" as const),
    seq: natural,
    root: hex(32),
    round: natural,
    weight: natural,
    target: fc.option(hex(32), { nil: undefined }),
    taking: fc.boolean(),
    phase: fc.constantFrom(...PHASES),
    view: peers,
    next: peers,
    issuer: hash,
    commitment: hash,
    set: hash,
    answer,
    audited: fc.option(hex(16).map((id) => id as PeerId), { nil: undefined }),
    votes: fc.array(hex(32), { maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant("stands" as const),
    said: fc.array(fc.record({ word, by: signers }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant("want" as const), what: fc.oneof(kind, fc.constant("words" as const)), root: hex(32), view: hex(32), from: natural, to: natural }),
  fc.record({ kind: fc.constant("bulk" as const), what: fc.oneof(kind, fc.constant("complaint" as const)), root: hex(32), view: hex(32), index: natural, payload: fc.uint8Array({ maxLength: 300 }) }),
);

const plain = (value: Message): unknown => {
  if (value.kind === "stands") return { ...value, said: value.said.map(({ by, ...rest }) => ({ ...rest, by: by.map(({ signature, ...signer }) => ({ ...signer, signature: [...signature] })) })) };
  if (value.kind === "bulk") return { ...value, payload: [...value.payload] };
  return value.kind === "status" ? { ...value, answer: value.answer && [...value.answer] } : value;
};

test("every message comes back as it was sent", () => {
  fc.assert(
    fc.property(message, (sent) => {
      expect(plain(decodeMessage(encodeMessage(sent)))).toEqual(plain(sent));
    }),
  );
});

test("truncated, extended and arbitrary bytes are read or refused with WireError, nothing else", () => {
  const tryDecode = (bytes: Uint8Array): void => {
    try {
      decodeMessage(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), tryDecode));
  fc.assert(
    fc.property(message, fc.nat(), fc.nat({ max: 255 }), (sent, at, value) => {
      const bytes = encodeMessage(sent);
      tryDecode(bytes.subarray(0, at % bytes.length));
      tryDecode(Uint8Array.of(...bytes, value));
      const flipped = bytes.slice();
      flipped[at % bytes.length] = value;
      tryDecode(flipped);
    }),
  );
});

test("another version is told apart from malformed bytes, so that the peer can be told to update", () => {
  const bytes = encodeMessage({ kind: "want", what: "sum", root: NO_VIEW, view: NO_VIEW, from: 0, to: 1 });
  const bulk = encodeMessage({ kind: "bulk", what: "sum", root: NO_VIEW, view: NO_VIEW, index: 0, payload: new Uint8Array(1) });
  const code = (given: Uint8Array): string | undefined => {
    try {
      decodeMessage(given);
    } catch (error) {
      return (error as WireError).code;
    }
    return undefined;
  };
  expect(code(Uint8Array.of(8, ...bytes.subarray(1)))).toBe("version");
  expect(code(Uint8Array.of(0x88, ...bulk.subarray(1)))).toBe("version");
  expect(code(bytes.subarray(0, bytes.length - 1))).toBe("malformed");
  expect(code(new Uint8Array())).toBe("malformed");
});

test("control messages are small: a larger one is refused before it is parsed", () => {
  const [version] = encodeMessage({ kind: "want", what: "sum", root: NO_VIEW, view: NO_VIEW, from: 0, to: 1 });
  expect(() => decodeMessage(new Uint8Array(1024 * 1024).fill(version!))).toThrow(/at most/);
});
