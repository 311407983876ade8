import { bytesToHex } from "@noble/hashes/utils.js";
import { createIssuer, fullKey, type FullKey, setSecretValue } from "../keys.ts";
import { signcryptMany } from "../many.ts";
import { roomHash, roomKeyOf, topicOf } from "../room.ts";
import { sign } from "../sign.ts";
import { signcrypt } from "../signcrypt.ts";
import { hashToScalar, scalarBytes, text } from "../suite.ts";
import { idOf, seeded } from "./devices.ts";

export const MESSAGE = text("what one device tells another");
export const AAD = text("room, round, type, sequence");
const ROOM_SECRET = seeded("room secret")(32);

/** One run of the whole suite with fixed chance, as hex. */
export function vectors(): Record<string, string> {
  const random = seeded("vectors v1");
  const s = random(32).map((byte, i) => (i === 31 ? byte & 15 : byte));
  const issuer = createIssuer(s);
  const device = (name: string): { key: FullKey; lines: Record<string, Uint8Array> } => {
    const id = idOf(random);
    const secretValue = setSecretValue(random);
    const partial = issuer.extract(id, secretValue.U, random);
    const key = fullKey({ id, P: issuer.P, secretValue, partial });
    const lines = { id, x: scalarBytes(secretValue.x), U: secretValue.U, ...partial, W: key.W, d: scalarBytes(key.d), Y: key.Y };
    return { key, lines: Object.fromEntries(Object.entries(lines).map(([line, bytes]) => [`${name}.${line}`, bytes])) };
  };
  const [a, b, c] = [device("a"), device("b"), device("c")];
  const room = roomKeyOf(ROOM_SECRET);
  const all: Record<string, Uint8Array> = {
    s,
    P: issuer.P,
    ...a.lines,
    ...b.lines,
    ...c.lines,
    hashToScalar: scalarBytes(hashToScalar("rnd", MESSAGE, AAD)),
    message: MESSAGE,
    aad: AAD,
    signcrypt: signcrypt({ from: a.key, to: b.key.certificate, message: MESSAGE, aad: AAD, random }),
    padded: signcrypt({ from: a.key, to: b.key.certificate, message: MESSAGE, aad: AAD, random, padTo: 512 }),
    many: signcryptMany({ from: a.key, to: [b.key.certificate, c.key.certificate, a.key.certificate], message: MESSAGE, aad: AAD, random }),
    signature: sign(a.key, MESSAGE, AAD, random),
    roomSecret: ROOM_SECRET,
    roomHash: roomHash(ROOM_SECRET),
    topic: topicOf(ROOM_SECRET, "digits", 3),
    "room.id": room.id,
    "room.W": room.W,
    "room.d": scalarBytes(room.d),
    "room.P": room.P,
  };
  return Object.fromEntries(Object.entries(all).map(([name, bytes]) => [name, bytesToHex(bytes)]));
}
