import { decode, encode } from "cborg";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createIssuer } from "../identity/keys.ts";
import { scalarBytes } from "../identity/suite.ts";
import { WireError } from "../wire/codec.ts";
import { roomCredential } from "./credential.ts";
import { decodePasses, encodePasses, type IssuedPass, PASSES_KEPT } from "./passes.ts";
import { roomKeys, systemRandom } from "./room.ts";

const issuer = createIssuer(systemRandom);
const room = { ...roomKeys({ server: "", iceServers: [], relayOnly: false }, "a task"), issuer };
const pass = (epoch: number, committee: string | null): IssuedPass => ({ credential: roomCredential(room, epoch, systemRandom), P: issuer.P, committee });
const two = [pass(3, null), pass(4, "ab".repeat(32))];

type Entry = Record<"id" | "W" | "d" | "issuer" | "lock" | "P", Uint8Array>;
/** The list with one field of its second pass replaced. */
function changed(field: keyof Entry, value: (entry: Entry) => Uint8Array): Uint8Array {
  const entries = decode(encodePasses(two).subarray(1)) as Entry[];
  entries[1]![field] = value(entries[1]!);
  return Uint8Array.of(1, ...encode(entries));
}
const flipped = (field: keyof Entry) => (entry: Entry) => entry[field].map((byte, at) => (at === 20 || (field === "lock" && at === 5) ? byte ^ 1 : byte));

describe("passes", () => {
  it("come back whole: keys, names, claims, and for which committee's epoch", () => {
    expect(decodePasses(encodePasses(two))).toEqual(two);
    expect(decodePasses(encodePasses([]))).toEqual([]);
  });

  it("are refused when a key is not the one that the issuer made, or a lock is another's", () => {
    for (const field of ["id", "W", "d", "issuer", "lock"] as const) {
      expect(() => decodePasses(changed(field, flipped(field))), field).toThrow(WireError);
    }
    expect(() => decodePasses(changed("d", () => scalarBytes(two[0]!.credential.key.d)))).toThrow(WireError);
    expect(() => decodePasses(changed("P", () => new Uint8Array(32)))).toThrow(WireError);
  });

  it("are the last ones where there are too many", () => {
    const many = [two[0]!, ...Array.from({ length: PASSES_KEPT }, () => two[1]!)];
    expect(decodePasses(encodePasses(many)).every(({ committee }) => committee !== null)).toBe(true);
  });

  it("give one typed error for any other bytes", () => {
    const bytes = encodePasses(two);
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), fc.nat(bytes.length - 1).map((length) => bytes.subarray(0, length))), (wrong) => {
        expect(() => decodePasses(wrong)).toThrow(WireError);
      }),
    );
  });
});
