import { webcrypto } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHANNEL_OVERHEAD, CHANNEL_WINDOW, createChannel, type Channel } from "./channel.ts";
import { IdentityError } from "./errors.ts";
import { answerChannel, completeChannel, offerChannel } from "./handshake.ts";
import type { FullKey } from "./keys.ts";
import { signcrypt, type Unsigncrypt } from "./signcrypt.ts";
import { concat, mulBase, T, text } from "./suite.ts";
import { acceptAll, flipped, roomOf } from "./testing/devices.ts";

const { random, issuer, keys } = roomOf("channel", 3);
const [a, b, c] = keys as [FullKey, FullKey, FullKey];
const aad = text("fingerprints");
const subtle = webcrypto.subtle as SubtleCrypto;
const opening = (bytes: Uint8Array, self: FullKey): Unsigncrypt => ({ self, bytes, aad, P: issuer.P, accept: acceptAll(), random });

function channels(): [Channel, Channel] {
  const { bytes, pending } = offerChannel({ from: a, to: b.certificate, aad, random });
  const answered = answerChannel(opening(bytes, b));
  const secrets = completeChannel(pending, opening(answered.bytes, a));
  return [createChannel({ subtle, secrets }), createChannel({ subtle, secrets: answered.secrets })];
}

async function code(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof IdentityError) return error.code;
    throw error;
  }
  return "none";
}

describe("the channel's handshake", () => {
  it("both ends come to the same two chains, named by the offer, and know each other", () => {
    const { bytes, pending } = offerChannel({ from: a, to: b.certificate, aad, random, padTo: 512 });
    const answered = answerChannel({ ...opening(bytes, b), padTo: 512 });
    expect([bytes.length, answered.bytes.length]).toEqual([512, 512]);
    expect(answered.from).toEqual(a.certificate);
    const secrets = completeChannel(pending, opening(answered.bytes, a));
    expect(secrets).toEqual({ id: answered.secrets.id, send: answered.secrets.receive, receive: answered.secrets.send });
    expect(secrets.send).not.toEqual(secrets.receive);
  });

  it("an answer of somebody else, to another offer, under another aad or changed is refused", () => {
    const { bytes, pending } = offerChannel({ from: a, to: b.certificate, aad, random });
    const other = offerChannel({ from: a, to: c.certificate, aad, random });
    const refused = (answer: Uint8Array, more: Partial<Unsigncrypt> = {}): void => expect(() => completeChannel(pending, { ...opening(answer, a), ...more })).toThrow(IdentityError);
    const answer = answerChannel(opening(bytes, b)).bytes;
    refused(answerChannel(opening(other.bytes, c)).bytes);
    refused(answerChannel(opening(offerChannel({ from: a, to: b.certificate, aad, random }).bytes, b)).bytes);
    refused(answer, { aad: text("other fingerprints") });
    refused(bytes);
    for (let at = 0; at < answer.length; at += 13) refused(flipped(answer, at));
    expect(() => answerChannel(opening(bytes, c))).toThrow(IdentityError);
    expect(() => answerChannel({ ...opening(bytes, b), aad: text("other fingerprints") })).toThrow(IdentityError);
  });

  it("the identity as an ephemeral, or a body that is none, is refused though it is signed", () => {
    const offer = (body: Uint8Array): Uint8Array => signcrypt({ from: a, to: b.certificate, message: body, aad: T(text("channel"), aad), random });
    const good = concat(text("channel offer"), random(8), mulBase(5n).toBytes());
    expect(answerChannel(opening(offer(good), b)).from).toEqual(a.certificate);
    for (const body of [concat(text("channel offer"), random(8), new Uint8Array(32)), good.slice(1), concat(good, good), flipped(good, 0), new Uint8Array(0)]) {
      expect(() => answerChannel(opening(offer(body), b))).toThrow(IdentityError);
    }
  });
});

describe("the channel", () => {
  it("carries any bytes both ways, 28 bytes longer, under their aad", async () => {
    const [left, right] = channels();
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ maxLength: 40 }), fc.boolean(), async (bytes, withAad, there) => {
      const [from, to] = there ? [left, right] : [right, left];
      const message = await from.seal(bytes, withAad);
      expect(message.length).toBe(bytes.length + CHANNEL_OVERHEAD);
      expect(await to.open(message, withAad)).toEqual(bytes);
    }), { numRuns: 40 });
  });

  it("refuses any byte changed, another aad, another channel, its own message and a second time; the message itself still comes", async () => {
    const [left, right] = channels();
    const [otherLeft, otherRight] = channels();
    const message = await left.seal(text("bulk"), aad);
    for (let at = 0; at < message.length; at++) expect(await code(() => right.open(flipped(message, at, 1 << at % 8), aad))).toBe("refused");
    expect(await code(() => right.open(message, text("")))).toBe("refused");
    expect(await code(() => otherRight.open(message, aad))).toBe("refused");
    expect(await code(() => otherRight.open(concat(otherLeft.id, message.subarray(8)), aad))).toBe("refused");
    expect(await code(() => left.open(message, aad))).toBe("refused");
    for (let length = 0; length < message.length; length++) expect(await code(() => right.open(message.slice(0, length), aad))).toBe("refused");
    expect(await right.open(message, aad)).toEqual(text("bulk"));
    expect(await code(() => right.open(message, aad))).toBe("refused");
  });

  it("of the same message opened many times at once exactly one comes through", async () => {
    const [left, right] = channels();
    const message = await left.seal(text("once"), aad);
    const codes = await Promise.all(Array.from({ length: 8 }, () => code(() => right.open(message, aad))));
    expect(codes.sort()).toEqual(["none", ...Array.from({ length: 7 }, () => "refused")]);
  });

  it("messages come in any order within the window", async () => {
    await fc.assert(fc.asyncProperty(fc.shuffledSubarray(Array.from({ length: CHANNEL_WINDOW }, (_, i) => i)), async (order) => {
      const [left, right] = channels();
      const messages = await Promise.all(Array.from({ length: CHANNEL_WINDOW }, (_, i) => left.seal(Uint8Array.of(i), aad)));
      for (const i of order) expect(await right.open(messages[i]!, aad)).toEqual(Uint8Array.of(i));
      for (const i of order) expect(await code(() => right.open(messages[i]!, aad))).toBe("refused");
    }), { numRuns: 5 });
  });

  it("what is farther ahead or behind than the window is refused, and forged counters move it nowhere", async () => {
    const [left, right] = channels();
    const messages = await Promise.all(Array.from({ length: 3 * CHANNEL_WINDOW }, (_, i) => left.seal(Uint8Array.of(i), aad)));
    expect(await code(() => right.open(messages[CHANNEL_WINDOW]!, aad))).toBe("refused");
    for (const i of [1, CHANNEL_WINDOW - 1, CHANNEL_WINDOW + 5]) expect(await code(() => right.open(flipped(messages[i]!, 14), aad))).toBe("refused");
    expect(await right.open(messages[0]!, aad)).toEqual(Uint8Array.of(0));
    expect(await right.open(messages[CHANNEL_WINDOW]!, aad)).toEqual(Uint8Array.of(CHANNEL_WINDOW));
    expect(await right.open(messages[1]!, aad)).toEqual(Uint8Array.of(1));
    expect(await right.open(messages[2 * CHANNEL_WINDOW]!, aad)).toEqual(Uint8Array.of(2 * CHANNEL_WINDOW));
    expect(await code(() => right.open(messages[2]!, aad))).toBe("refused");
    expect(await right.open(messages[CHANNEL_WINDOW + 1]!, aad)).toEqual(Uint8Array.of(CHANNEL_WINDOW + 1));
  });

  it("a message in parts is the same message, for whoever sends parts", async () => {
    const [left, right] = channels();
    const [header, ciphertext] = await left.sealParts(text("bulk"), aad);
    expect([header.length, ciphertext.byteOffset, ciphertext.buffer.byteLength]).toEqual([12, 0, 4 + 16]);
    expect(await right.open(concat(header, ciphertext), aad)).toEqual(text("bulk"));
  });

  it("no two messages have a key in common: the same bytes twice are alike in nothing but the channel's id", async () => {
    const [left] = channels();
    const [one, two] = [await left.seal(new Uint8Array(64), aad), await left.seal(new Uint8Array(64), aad)];
    expect(one.slice(0, 8)).toEqual(two.slice(0, 8));
    expect(one.slice(12)).not.toEqual(two.slice(12));
  });

  it("leaves what it was given as it was, takes views and large arrays, and forgets its keys on close", async () => {
    const [left, right] = channels();
    const bytes = new Uint8Array(1 << 20).fill(3);
    const view = bytes.subarray(5, bytes.length - 5);
    const message = await left.seal(view, aad);
    const frame = new Uint8Array(message.length + 7);
    frame.set(message, 7);
    const opened = await right.open(frame.subarray(7), aad);
    expect(opened.length).toBe(view.length);
    expect(opened.every((byte) => byte === 3) && bytes.every((byte) => byte === 3)).toBe(true);
    expect(await code(() => left.seal(new Uint8Array(new SharedArrayBuffer(4)), aad))).toBe("misuse");
    left.close();
    right.close();
    expect(await code(() => left.seal(bytes, aad))).toBe("misuse");
    expect(await code(() => right.open(message, aad))).toBe("refused");
  });
});
