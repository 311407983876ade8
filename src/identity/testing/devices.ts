import { sha512 } from "@noble/hashes/sha2.js";
import { encodeId } from "../id.ts";
import { createIssuer, fullKey, type FullKey, type Issuer, setSecretValue } from "../keys.ts";
import { createReplayGuard } from "../replay.ts";
import type { Accept } from "../signcrypt.ts";
import { concat, H, mulBase, type Random, scalarOf, T, text, u32 } from "../suite.ts";

/** The same bytes in every run: for tests, kept vectors and benchmarks only. */
export function seeded(seed: string): Random {
  let draws = 0;
  return (length) => {
    const start = T(text(seed), u32(draws++));
    return concat(...Array.from({ length: Math.ceil(length / 64) }, (_, block) => sha512(T(start, u32(block))))).slice(0, length);
  };
}

export const ROOM = H(text("room")).slice(0, 16);

export function idOf(random: Random, epoch = 7): Uint8Array {
  return encodeId({ room: ROOM, epoch, flags: new Uint8Array(4), random: random(20) });
}

/** A key from what a device keeps. */
export function fullKeyOf(id: Uint8Array, W: Uint8Array, d: Uint8Array, P: Uint8Array): FullKey {
  const secret = scalarOf(d);
  return { id, W, d: secret, Y: mulBase(secret).toBytes(), P, certificate: { id, W } };
}

/** A device that has been issued a pseudonym. */
export function deviceOf(issuer: Issuer, random: Random, epoch = 7): FullKey {
  const id = idOf(random, epoch);
  const secretValue = setSecretValue(random);
  return fullKey({ id, P: issuer.P, secretValue, partial: issuer.extract(id, secretValue.U, random) });
}

export function roomOf(seed: string, devices: number): { random: Random; issuer: Issuer; keys: FullKey[] } {
  const random = seeded(seed);
  const issuer = createIssuer(random);
  return { random, issuer, keys: Array.from({ length: devices }, () => deviceOf(issuer, random)) };
}

/** Accepts every epoch and everybody, and nothing twice. */
export const acceptAll = (other: Partial<Accept> = {}): Accept => ({ epoch: () => true, revoked: () => false, replay: createReplayGuard(), ...other });

export const flipped = (bytes: Uint8Array, at: number, mask = 1): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ mask : byte));
