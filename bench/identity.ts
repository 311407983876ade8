import { randomBytes, webcrypto } from "node:crypto";
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { createChannel } from "../src/identity/channel.ts";
import { DKG, extractMessage, identifierOf, type KeyShare, openSignature, rng, SCHEMES } from "../src/identity/committee/frost.ts";
import { computeIn } from "../src/identity/encoded.ts";
import { answerChannel, completeChannel, offerChannel } from "../src/identity/handshake.ts";
import { encodeId } from "../src/identity/id.ts";
import { certificatePoint, checkPartial, createIssuer, fullKey, type FullKey, type Issuer, setSecretValue } from "../src/identity/keys.ts";
import { signcryptMany, unsigncryptMany } from "../src/identity/many.ts";
import { createReplayGuard } from "../src/identity/replay.ts";
import { sign, verify } from "../src/identity/sign.ts";
import { curveIn } from "../src/identity/testing/curve.ts";
import { type Accept, signcrypt, unsigncrypt } from "../src/identity/signcrypt.ts";
import { Fn, mulBase, POINT_BYTES, scalarOf } from "../src/identity/suite.ts";
import { compare, median, type Bench, type Row } from "./harness.ts";

/** The goals, on a 2-core machine. */
const GOALS = { signcrypt: 500, unsigncrypt: 300, bulk: 10 } as const;
const ROUNDS = 7;
/** Milliseconds of one measurement in a round. */
const SPAN = 150;
const MIB = 1 << 20;
const BULK_ROUNDS = 40;
const BULK_BATCH = 8;
/** Devices of a large room whose signatures are checked in turn, and how often. */
const CROWD = 100;
const CROWD_TURNS = 12;

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** All of them in turn, several times: the median of each, in calls a second. */
async function rates<Name extends string>(tasks: Record<Name, () => unknown>): Promise<Record<Name, number>> {
  const names = Object.keys(tasks) as Name[];
  const seen = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -1; round < ROUNDS; round++) {
    for (const name of names) {
      const start = performance.now();
      let count = 0;
      let spent = 0;
      for (; spent < SPAN; count++) {
        await tasks[name]();
        spent = performance.now() - start;
      }
      // The first round warms up.
      if (round >= 0) seen[name].push((count * 1000) / spent);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(seen[name])])) as Record<Name, number>;
}

/** Each call once, of calls that a second time would be cheaper. */
function firstRate(calls: readonly (() => unknown)[]): number {
  return 1000 / median(calls.map((call) => {
    const start = performance.now();
    call();
    return performance.now() - start;
  }));
}

function deviceOf(issuer: Issuer): FullKey {
  const id = encodeId({ room: random(16), epoch: 1, flags: random(4), random: random(20) });
  const secretValue = setSecretValue(random);
  return fullKey({ id, P: issuer.P, secretValue, partial: issuer.extract(id, secretValue.U, random) });
}

/** A key whose Y nothing has derived from its certificate yet. */
function strangerOf(issuer: Issuer): FullKey {
  const id = encodeId({ room: random(16), epoch: 1, flags: random(4), random: random(20) });
  const { x, U } = setSecretValue(random);
  const { R, t } = issuer.extract(id, U, random);
  const [W, d] = [certificatePoint(R, U), Fn.add(x, scalarOf(t))];
  return { id, W, d, Y: mulBase(d).toBytes(), P: issuer.P, certificate: { id, W } };
}

const accept = (): Accept => ({ epoch: () => true, revoked: () => false, replay: createReplayGuard() });

/** HPKE in Auth mode (RFC 9180), the nearest standard: it authenticates the sender's key, not against insiders. */
async function hpke() {
  const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const [sender, receiver] = [await suite.kem.generateKeyPair(), await suite.kem.generateKeyPair()];
  return {
    seal: (message: Uint8Array, aad: Uint8Array) => suite.seal({ recipientPublicKey: receiver.publicKey, senderKey: sender }, message, aad),
    open: ({ enc, ct }: { enc: ArrayBuffer; ct: ArrayBuffer }, aad: Uint8Array) => suite.open({ recipientKey: receiver, enc, senderPublicKey: sender.publicKey }, ct, aad),
  };
}

async function messages(say: (line: string) => void, length: number, [a, b]: readonly [FullKey, FullKey]): Promise<Row[]> {
  const label = length < 1024 ? `${length} B` : `${length / 1024} KiB`;
  say(`signcrypt and unsigncrypt at ${label} …`);
  const [message, aad] = [random(length), random(64)];
  const peer = await hpke();
  const sealedByPeer = await peer.seal(message, aad);
  const bytes = signcrypt({ from: a, to: b.certificate, message, aad, random });
  const { G1, G2 } = bls12_381;
  const [g1, g2] = [G1.Point.BASE.multiply(12_345n), G2.Point.BASE.multiply(54_321n)];
  const rate = await rates({
    signcrypt: () => signcrypt({ from: a, to: b.certificate, message, aad, random }),
    seal: () => peer.seal(message, aad),
    unsigncrypt: () => unsigncrypt({ self: b, bytes, aad, P: a.P, accept: accept(), random }),
    open: () => peer.open(sealedByPeer, aad),
    pairing: () => bls12_381.pairing(g1, g2),
  });
  const unit = "a second";
  const small = length === 256;
  return [
    ...(small
      ? [
          compare({ what: `signcrypt ${label}`, ours: rate.signcrypt, unit, against: "the goal", theirs: GOALS.signcrypt, goal: 1 }),
          compare({ what: `unsigncrypt ${label}`, ours: rate.unsigncrypt, unit, against: "the goal", theirs: GOALS.unsigncrypt, goal: 1 }),
        ]
      : []),
    compare({ what: `signcrypt ${label}`, ours: rate.signcrypt, unit, against: "HPKE auth, X25519 in WebCrypto", theirs: rate.seal, goal: null, why: "no insider security, no signature, no anonymous certificate" }),
    compare({ what: `unsigncrypt ${label}`, ours: rate.unsigncrypt, unit, against: "HPKE auth, X25519 in WebCrypto", theirs: rate.open, goal: null, why: "as above" }),
    ...(small
      ? [
          compare({ what: `signcrypt ${label}`, ours: rate.signcrypt, unit, against: "one BLS12-381 pairing", theirs: rate.pairing, goal: 1 }),
          compare({ what: `unsigncrypt ${label}`, ours: rate.unsigncrypt, unit, against: "two BLS12-381 pairings", theirs: rate.pairing / 2, goal: 1 }),
        ]
      : []),
  ];
}

function firstContact(say: (line: string) => void, issuer: Issuer, a: FullKey): Row[] {
  say("first messages between strangers …");
  const [message, aad] = [random(256), random(64)];
  const strangers = Array.from({ length: 40 }, () => strangerOf(issuer));
  const others = Array.from({ length: 40 }, () => strangerOf(issuer));
  const sealed = others.map((from) => signcrypt({ from, to: a.certificate, message, aad, random }));
  return [
    compare({ what: "signcrypt 256 B to a stranger", ours: firstRate(strangers.map(({ certificate }) => () => signcrypt({ from: a, to: certificate, message, aad, random }))), unit: "a second", against: "–", theirs: null, goal: null, why: "its key is derived first" }),
    compare({ what: "unsigncrypt 256 B of a stranger", ours: firstRate(sealed.map((bytes) => () => unsigncrypt({ self: a, bytes, aad, P: a.P, accept: accept(), random }))), unit: "a second", against: "–", theirs: null, goal: null, why: "its key is derived first" }),
  ];
}

/** Signatures of a large room, checked in turn, in TypeScript and then in WebAssembly; from then on all is computed there, as in a device that has met another. */
async function crowd(say: (line: string) => void, issuer: Issuer): Promise<Row[]> {
  say(`signatures of ${CROWD} devices …`);
  const [message, aad] = [random(256), random(64)];
  const signed = Array.from({ length: CROWD }, () => strangerOf(issuer)).map((key) => ({ key, signature: sign(key, message, aad, random) }));
  const checkAll = (): number => {
    const start = performance.now();
    for (let turn = 0; turn < CROWD_TURNS; turn++) for (const { key, signature } of signed) if (!verify(key.certificate, issuer.P, message, aad, signature)) throw new Error("a signature that does not hold");
    return (1000 * CROWD * CROWD_TURNS) / (performance.now() - start);
  };
  const inTypeScript = checkAll();
  computeIn(await curveIn());
  return [compare({ what: `verification, ${CROWD} signers in turn`, ours: checkAll(), unit: "a second", against: "the same by @noble/curves, with tables for 32", theirs: inTypeScript, goal: null })];
}

async function many(say: (line: string) => void, issuer: Issuer, a: FullKey): Promise<Row[]> {
  say("16 receivers …");
  const [message, aad] = [random(256), random(64)];
  const receivers = Array.from({ length: 16 }, () => deviceOf(issuer));
  const to = receivers.map(({ certificate }) => certificate);
  const peer = await hpke();
  const sealedByPeer = await peer.seal(message, aad);
  const bytes = signcryptMany({ from: a, to, message, aad, random });
  const signature = sign(a, message, aad, random);
  const rate = await rates({
    signcrypt: () => signcryptMany({ from: a, to, message, aad, random }),
    seal: async () => {
      for (let receiver = 0; receiver < to.length; receiver++) await peer.seal(message, aad);
    },
    unsigncrypt: () => unsigncryptMany({ self: receivers[5]!, bytes, aad, P: a.P, accept: accept(), random }),
    open: () => peer.open(sealedByPeer, aad),
    sign: () => sign(a, message, aad, random),
    verify: () => verify(a.certificate, a.P, message, aad, signature),
  });
  const unit = "a second";
  return [
    compare({ what: "signcrypt 256 B for 16", ours: rate.signcrypt, unit, against: "16 × HPKE auth", theirs: rate.seal, goal: null }),
    compare({ what: "unsigncrypt 256 B of 16", ours: rate.unsigncrypt, unit, against: "HPKE auth", theirs: rate.open, goal: null }),
    compare({ what: "signature alone, 256 B", ours: rate.sign, unit, against: "–", theirs: null, goal: null }),
    compare({ what: "its verification", ours: rate.verify, unit, against: "–", theirs: null, goal: null }),
  ];
}

async function bulk(say: (line: string) => void, [a, b]: readonly [FullKey, FullKey]): Promise<Row[]> {
  say("the bulk channel at 1 MiB …");
  const aad = random(64);
  const { bytes: offer, pending } = offerChannel({ from: a, to: b.certificate, aad, random });
  const answer = answerChannel({ self: b, bytes: offer, aad, P: a.P, accept: accept(), random });
  const subtle = webcrypto.subtle as SubtleCrypto;
  const sending = createChannel({ subtle, secrets: completeChannel(pending, { bytes: answer.bytes, aad, P: a.P, accept: accept(), random }) });
  const receiving = createChannel({ subtle, secrets: answer.secrets });
  // Nobody opens what this one seals.
  const alone = createChannel({ subtle, secrets: { ...answer.secrets, receive: random(64) } });
  const data = random(MIB);
  const [key, nonce] = [random(32), random(24)];
  const sealedByPeer = xchacha20poly1305(key, nonce, aad).encrypt(data);
  const plainKey = await subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, ["encrypt", "decrypt"]);
  const gcm = { name: "AES-GCM", iv: new Uint8Array(12) };
  const sealedPlain = await subtle.encrypt(gcm, plainKey, new Uint8Array(data));
  const seen = { seal: [] as number[], one: [] as number[], open: [] as number[], encrypt: [] as number[], decrypt: [] as number[], raw: [] as number[] };
  const time = async (rates: number[], count: number, work: (i: number) => unknown): Promise<void> => {
    const start = performance.now();
    for (let i = 0; i < count; i++) await work(i);
    rates.push((count * 1000) / (performance.now() - start));
  };
  for (let round = 0; round < BULK_ROUNDS; round++) {
    // What is opened is sealed outside of the measurement.
    const messages: Uint8Array[] = [];
    for (let i = 0; i < BULK_BATCH; i++) messages.push(await sending.seal(data, aad));
    await time(seen.seal, BULK_BATCH, () => alone.sealParts(data, aad));
    await time(seen.one, BULK_BATCH, () => alone.seal(data, aad));
    await time(seen.open, BULK_BATCH, (i) => receiving.open(messages[i]!, aad));
    await time(seen.raw, BULK_BATCH, () => subtle.decrypt(gcm, plainKey, sealedPlain));
    await time(seen.encrypt, 2, () => xchacha20poly1305(key, nonce, aad).encrypt(data));
    await time(seen.decrypt, 2, () => xchacha20poly1305(key, nonce, aad).decrypt(sealedByPeer));
  }
  const unit = "MiB/s";
  const against = "XChaCha20-Poly1305, @noble/ciphers";
  return [
    compare({ what: "bulk channel, seal 1 MiB in parts", ours: median(seen.seal), unit, against, theirs: median(seen.encrypt), goal: GOALS.bulk }),
    compare({ what: "bulk channel, seal 1 MiB as one message", ours: median(seen.one), unit, against, theirs: median(seen.encrypt), goal: null }),
    compare({ what: "bulk channel, open 1 MiB", ours: median(seen.open), unit, against, theirs: median(seen.decrypt), goal: GOALS.bulk }),
    compare({ what: "bulk channel, open 1 MiB", ours: median(seen.open), unit, against: "WebCrypto's AES-256-GCM alone", theirs: median(seen.raw), goal: null }),
  ];
}

/** The rounds of one key's generation for all members, on this one thread. */
function generate(min: number, max: number): KeyShare[] {
  const scheme = DKG.issuer;
  const ids = Array.from({ length: max }, (_, place) => identifierOf(place));
  const first = ids.map((id) => scheme.DKG.round1(id, { min, max }, undefined, rng(random)));
  const others = (self: number) => first.filter((_, place) => place !== self).map((round) => round.public);
  const second = first.map(({ secret }, self) => scheme.DKG.round2(secret, others(self)));
  return first.map(({ secret }, self) => scheme.DKG.round3(secret, others(self), second.filter((_, place) => place !== self).map((shares) => shares[ids[self]!]!)));
}

/** A partial key by `min` members: commitments, shares, the sum, and the device's check. */
function thresholdExtract(keys: readonly KeyShare[], min: number, P: Uint8Array): void {
  const id = encodeId({ room: random(16), epoch: 1, flags: random(4), random: random(20) });
  const { U } = setSecretValue(random);
  const message = extractMessage(U, id);
  const openings = keys.slice(0, min).map((key) => openSignature("extract", key, message, random));
  const list = openings.map(({ commitments }) => commitments);
  const shares = Object.fromEntries(openings.map((opening) => [opening.commitments.identifier, Uint8Array.from(opening.sign(list))]));
  const signature = SCHEMES.extract.aggregate(keys[0]!.public, list, message, shares);
  const partial = { R: signature.slice(0, POINT_BYTES), t: signature.slice(POINT_BYTES) };
  if (!checkPartial({ id, P, U, partial })) throw new Error("the committee's answer is no partial key");
}

async function committees(say: (line: string) => void, issuer: Issuer): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [min, max] of [[3, 5], [5, 7]] as const) {
    say(`a committee of ${min} of ${max} …`);
    const keys = generate(min, max);
    const P = keys[0]!.public.commitments[0]!;
    const rate = await rates({ generate: () => generate(min, max), extract: () => thresholdExtract(keys, min, P), alone: () => deviceOf(issuer) });
    const unit = "ms";
    rows.push(
      compare({ what: `DKG of a key, ${min} of ${max}: a member's share of the work`, ours: 1000 / rate.generate / max, unit, against: "–", theirs: null, goal: null, why: "three keys are generated at once, a generation a committee" }),
      compare({ what: `threshold extract, ${min} of ${max}: all members and the check`, ours: 1000 / rate.extract, unit, against: "single issuer and full key", theirs: 1000 / rate.alone, goal: null, lessIsBetter: true }),
    );
  }
  return rows;
}

export const identity: Bench = {
  name: "identity",
  about: "signcryption against HPKE's auth mode and BLS12-381 pairings, the bulk channel against noble's cipher",
  async run(say) {
    const issuer = createIssuer(random);
    const pair = [deviceOf(issuer), deviceOf(issuer)] as const;
    // The channel first, before the curves' tables fill the heap: it allocates the most, and would measure the collector.
    return [
      ...(await bulk(say, pair)),
      ...(await crowd(say, issuer)),
      ...(await messages(say, 256, pair)),
      ...(await messages(say, 64 * 1024, pair)),
      ...firstContact(say, issuer, pair[0]),
      ...(await many(say, issuer, pair[0])),
      ...(await committees(say, issuer)),
    ];
  },
};
