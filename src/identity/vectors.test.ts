import { readFile } from "node:fs/promises";
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeId } from "./id.ts";
import { fullKeyOf, seeded, acceptAll } from "./testing/devices.ts";
import { unsigncryptMany } from "./many.ts";
import { verify } from "./sign.ts";
import { unsigncrypt } from "./signcrypt.ts";
import { vectors } from "./testing/vectors.ts";

const SUITE = "CLSC-R255-XC20P-SHA512-v1";
let kept: Record<string, string>;
const bytes = (name: string): Uint8Array => hexToBytes(kept[name]!);

beforeAll(async () => {
  kept = JSON.parse(await readFile(new URL("vectors.json", import.meta.url), "utf8")) as Record<string, string>;
});

describe("kept vectors", () => {
  it("are what the suite makes of the same chance", () => {
    expect(vectors()).toEqual(kept);
  });

  it("open and verify with the kept keys", () => {
    const opening = { aad: bytes("aad"), P: bytes("P"), random: seeded("open") };
    const b = fullKeyOf(bytes("b.id"), bytes("b.W"), bytes("b.d"), bytes("P"));
    const c = fullKeyOf(bytes("c.id"), bytes("c.W"), bytes("c.d"), bytes("P"));
    const a = { id: bytes("a.id"), W: bytes("a.W") };
    for (const name of ["signcrypt", "padded"]) {
      const opened = unsigncrypt({ self: b, bytes: bytes(name), accept: acceptAll(), ...opening });
      expect([opened.from, opened.message]).toEqual([a, bytes("message")]);
    }
    for (const self of [b, c]) expect(unsigncryptMany({ self, bytes: bytes("many"), accept: acceptAll(), ...opening }).message).toEqual(bytes("message"));
    expect(verify(a, bytes("P"), bytes("message"), bytes("aad"), bytes("signature"))).toBe(true);
    expect(decodeId(bytes("a.id")).epoch).toBe(7);
  });

  // From here on written from the page with the library alone, without the suite's code.
  const { Point } = ristretto255;
  const { Fn } = Point;
  const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
  const T = (...parts: Uint8Array[]): Uint8Array => concatBytes(...parts.flatMap((part) => [u32(part.length), part]));
  const Hs = (label: string, ...parts: Uint8Array[]): bigint => ristretto255_hasher.hashToScalar(T(...parts), { DST: `${SUITE}/${label}` });
  const point = (name: string): InstanceType<typeof Point> => Point.fromBytes(bytes(name));
  const scalar = (name: string): bigint => Fn.fromBytes(bytes(name));
  const kdf = (ikm: Uint8Array, salt: string, label: string, context: Uint8Array, length: number): Uint8Array => hkdf(sha512, ikm, utf8ToBytes(SUITE + salt), concatBytes(utf8ToBytes(label), context), length);

  /** The plaintext is len ‖ T(id, W) ‖ R ‖ z ‖ m, and zG = R + cW + cλP. */
  function holdsMessage(plain: Uint8Array, bound: Uint8Array, E: Uint8Array, com: Uint8Array): void {
    const [P, m] = [bytes("P"), bytes("message")];
    expect(plain.slice(0, 4 + 85)).toEqual(concatBytes(u32(m.length), T(bytes("a.id"), bytes("a.W"))));
    const [R, z] = [plain.slice(89, 121), Fn.fromBytes(plain.slice(121, 153))];
    expect(plain.slice(153)).toEqual(m);
    const c = Hs("sig", P, bytes("a.id"), bytes("a.W"), bound, E, com, sha512(bytes("aad")), sha512(m), R);
    const lambda = Hs("partial", P, bytes("a.id"), bytes("a.W"));
    const right = Point.fromBytes(R).add(point("a.W").multiply(c)).add(Point.fromBytes(P).multiply(Fn.mul(c, lambda)));
    expect(Point.BASE.multiply(z).equals(right)).toBe(true);
  }

  it("follow the specification's equations for keys", () => {
    const P = bytes("P");
    expect(Point.BASE.multiply(scalar("s")).toBytes()).toEqual(P);
    expect(Point.BASE.multiply(scalar("b.x")).toBytes()).toEqual(bytes("b.U"));
    expect(point("b.R").add(point("b.U")).toBytes()).toEqual(bytes("b.W"));
    const lambda = Hs("partial", P, bytes("b.id"), bytes("b.W"));
    expect(Point.BASE.multiply(scalar("b.t")).equals(point("b.R").add(Point.fromBytes(P).multiply(lambda)))).toBe(true);
    expect(scalar("b.d")).toBe(Fn.add(scalar("b.t"), scalar("b.x")));
    const Y = point("b.W").add(Point.fromBytes(P).multiply(lambda)).toBytes();
    expect([Y, Point.BASE.multiply(scalar("b.d")).toBytes()]).toEqual([bytes("b.Y"), bytes("b.Y")]);
  });

  it("follow the specification step by step for one receiver", () => {
    const out = bytes("signcrypt");
    const [header, E, com] = [out.slice(0, 66), out.slice(2, 34), out.slice(34, 66)];
    expect([...header.slice(0, 2)]).toEqual([1, 0x31]);
    expect(out.length).toBe(bytes("message").length + 235);
    const Z = Point.fromBytes(E).multiply(scalar("b.d")).toBytes();
    const ctx = sha512(T(utf8ToBytes(SUITE), utf8ToBytes("1"), bytes("P"), E, bytes("b.id"), bytes("b.W"), bytes("b.Y"), bytes("aad")));
    const okm = kdf(Z, "/kem", "k|n|com|", ctx, 88);
    expect(okm.slice(56)).toEqual(com);
    const plain = xchacha20poly1305(okm.slice(0, 32), okm.slice(32, 56), T(header, bytes("aad"))).decrypt(out.slice(66));
    holdsMessage(plain, T(bytes("b.id"), bytes("b.W")), E, com);
  });

  it("follow the specification step by step for many receivers", () => {
    const out = bytes("many");
    const [E, com] = [out.slice(2, 34), out.slice(34, 66)];
    expect([out[0], out[1], out[66]]).toEqual([1, 0x6d, 2]);
    const slots = out.slice(67, 67 + 4 * 40);
    const ctx = sha512(T(utf8ToBytes(SUITE), utf8ToBytes("m"), bytes("P"), E, bytes("c.id"), bytes("c.W"), bytes("c.Y"), bytes("aad")));
    const key = kdf(Point.fromBytes(E).multiply(scalar("c.d")).toBytes(), "/kem", "tag|pad|", ctx, 40);
    const at = [0, 40, 80, 120].find((slot) => Buffer.from(slots.slice(slot, slot + 8)).equals(Buffer.from(key.slice(0, 8))))!;
    const K = slots.slice(at + 8, at + 40).map((byte, i) => byte ^ key[8 + i]!);
    const okm = kdf(K, "/dek", "k|n|com|", E, 88);
    expect(okm.slice(56)).toEqual(com);
    const plain = xchacha20poly1305(okm.slice(0, 32), okm.slice(32, 56), T(out.slice(0, 227), bytes("aad"))).decrypt(out.slice(227));
    holdsMessage(plain, sha512(slots), E, com);
  });
});
