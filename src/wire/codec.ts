import { decode as cborDecode, encode as cborEncode } from "cborg";
import * as v from "valibot";

/**
 * The one error for bytes that a peer sent and that are not what they should be.
 * `version` is kept apart from `malformed`, so that a peer of another version is told to update.
 */
export class WireError extends Error {
  override readonly name = "WireError";
  constructor(
    readonly code: "malformed" | "oversized" | "version",
    message: string,
    /** Of a `version` error: which side has to update, where that is known. */
    readonly older: "self" | "peer" | null = null,
  ) {
    super(message);
  }
}

export const versionError = (theirs: number, ours: number): WireError =>
  new WireError("version", `version ${theirs} where ${ours} is spoken; the older side has to update`, theirs > ours ? "self" : "peer");

export interface Codec<In, Out> {
  encode(value: In): Uint8Array<ArrayBuffer>;
  /** @throws WireError */
  decode(bytes: Uint8Array): Out;
}

/**
 * A frame is one version byte, then canonical CBOR (RFC 8949, 4.2) of a value that fits the schema.
 * Decoding is strict: no trailing bytes, no duplicate keys, no indefinite lengths, nothing over `maxBytes`.
 */
export function codec<S extends v.GenericSchema>(version: number, schema: S, maxBytes: number): Codec<v.InferInput<S>, v.InferOutput<S>> {
  return {
    encode(value) {
      const body = cborEncode(value);
      const frame = new Uint8Array(1 + body.length);
      frame[0] = version;
      frame.set(body, 1);
      return frame;
    },
    decode(bytes) {
      if (bytes.length > maxBytes) throw new WireError("oversized", `${bytes.length} bytes where at most ${maxBytes} are allowed`);
      if (bytes.length < 2) throw new WireError("malformed", "shorter than a frame");
      if (bytes[0] !== version) throw versionError(bytes[0]!, version);
      let value: unknown;
      try {
        value = cborDecode(bytes.subarray(1), { strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true });
      } catch (cause) {
        throw new WireError("malformed", `not canonical CBOR: ${String(cause)}`);
      }
      const result = v.safeParse(schema, value);
      if (!result.success) throw new WireError("malformed", v.summarize(result.issues));
      return result.output;
    },
  };
}
