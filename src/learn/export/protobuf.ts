import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

/** Fields of a Protocol Buffers message (https://protobuf.dev/programming-guides/encoding), as bytes to be joined. */
const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

function base128(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(left & 0x7fn);
    left >>= 7n;
    bytes.push(left > 0n ? low | 0x80 : low);
  } while (left > 0n);
  return Uint8Array.from(bytes);
}

const tag = (field: number, type: number): Uint8Array => base128((field << 3) | type);

/** int32, int64 or an enumeration; negative ones as ten bytes, as the format wants them. */
export const int = (field: number, value: number): Uint8Array => concatBytes(tag(field, VARINT), base128(value));

export function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concatBytes(tag(field, FIXED32), bytes);
}

export const bytes = (field: number, value: Uint8Array): Uint8Array => concatBytes(tag(field, LENGTH), base128(value.length), value);

export const text = (field: number, value: string): Uint8Array => bytes(field, utf8ToBytes(value));

/** A message within a message. */
export const message = (field: number, ...fields: readonly Uint8Array[]): Uint8Array => bytes(field, concatBytes(...fields));
