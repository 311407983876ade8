import { decode, encode } from "cborg";
import * as v from "valibot";
import { createOuter, outerBytes, outerFrom } from "../learn/outer-optimiser.ts";
import { CompressionSchema, OuterSchema } from "../learn/task.ts";
import { createKernels } from "../securesum/kernel.ts";
import { carryBytes, carryFrom } from "../update/compression/carry.ts";
import { createCompressor } from "../update/compression/compression.ts";
import { sharedBytes, sharedFrom } from "../update/compression/shared.ts";
import { WireError } from "../wire/codec.ts";
import { isPeerId } from "../wire/ids.ts";
import type { SwarmEvent } from "./events.ts";
import { decodeCommit, encodeCommit } from "./roll.ts";
import { NOTHING_SHARED } from "./head.ts";
import { initialState, type SwarmConfig, type SwarmState } from "./state.ts";

/** All that happened to one device: with it the device's whole history can be lived again, byte for byte. */
export interface Recording {
  start: SwarmState;
  events: SwarmEvent[];
}

const asBytes = (array: Int32Array | Float32Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** @param start as `initialState` made it */
export function encodeRecording({ config: { kernels: _, compressor, ...config }, head, carry, now }: SwarmState, events: readonly SwarmEvent[]): Uint8Array<ArrayBuffer> {
  return encode({
    v: 5,
    config: { ...config, compressor: compressor && { setting: compressor.setting, shapes: compressor.shapes } },
    commit: encodeCommit(head),
    params: asBytes(head.params),
    outer: outerBytes(head.outer),
    shared: sharedBytes(head.shared),
    carry: carryBytes(carry),
    startedAt: now,
    events: events.map((event) => {
      if (event.type === "trained") return { ...event, delta: asBytes(event.delta) };
      if (event.type === "reran") return { ...event, update: event.update && { ...event.update, delta: asBytes(event.update.delta) } };
      return event.type === "opened" ? { ...event, sum: event.sum && asBytes(event.sum) } : event;
    }),
  }) as Uint8Array<ArrayBuffer>;
}

const PeerSchema = v.custom<SwarmConfig["self"]>(isPeerId);
const BytesSchema = v.instance(Uint8Array);
const CompressorSchema = v.strictObject({
  setting: v.strictObject({ compression: CompressionSchema, bits: v.number(), stepExponent: v.number(), seed: v.array(v.union([v.number(), v.string()])) }),
  shapes: v.array(v.array(v.number())),
});
const trained = {
  delta: v.pipe(
    BytesSchema,
    v.transform((bytes) => new Float32Array(bytes.slice().buffer)),
  ),
  samples: v.number(),
  loss: v.number(),
  accuracy: v.number(),
  labels: v.array(v.number()),
  steps: v.exactOptional(v.number()),
};
const RecordingSchema = v.strictObject({
  v: v.literal(5),
  config: v.strictObject({ self: PeerSchema, task: v.string(), bits: v.number(), seed: v.number(), epochRounds: v.number(), groupSize: v.number(), roomGroups: v.number(), nodeGroups: v.number(), speakers: v.number(), cohortNodes: v.number(), labels: v.number(), outer: v.optional(OuterSchema), privacy: v.nullable(v.strictObject({ clip: v.number(), honest: v.number(), field: v.strictObject({ bound: v.number(), bits: v.number() }) })), compressor: v.nullable(CompressorSchema), audits: v.exactOptional(v.strictObject({ oneOf: v.number(), steps: v.nullable(v.number()) })) }),
  commit: BytesSchema,
  params: BytesSchema,
  outer: BytesSchema,
  shared: BytesSchema,
  carry: BytesSchema,
  startedAt: v.number(),
  events: v.array(
    v.variant("type", [
      v.strictObject({ type: v.literal("tick"), now: v.number() }),
      v.strictObject({ type: v.literal("reachable"), now: v.number(), peers: v.array(PeerSchema), pending: v.array(PeerSchema), slow: v.optional(v.boolean()) }),
      v.strictObject({ type: v.literal("message"), now: v.number(), from: PeerSchema, bytes: BytesSchema }),
      v.strictObject({ type: v.literal("trained"), now: v.number(), root: v.string(), ...trained }),
      v.strictObject({ type: v.literal("reran"), now: v.number(), attempt: v.number(), update: v.nullable(v.strictObject(trained)) }),
      v.strictObject({ type: v.literal("sealed"), now: v.number(), attempt: v.number(), dealings: v.array(BytesSchema), pieces: v.array(BytesSchema) }),
      v.strictObject({ type: v.literal("answered"), now: v.number(), attempt: v.number(), answer: BytesSchema }),
      v.strictObject({
        type: v.literal("opened"),
        now: v.number(),
        attempt: v.number(),
        sum: v.nullable(v.pipe(BytesSchema, v.transform((bytes) => new Int32Array(bytes.slice().buffer)))),
        wrongShares: v.array(v.number()),
        wrongPieces: v.array(v.number()),
      }),
      v.strictObject({ type: v.literal("signed"), now: v.number(), seq: v.number(), signature: BytesSchema }),
      v.strictObject({ type: v.literal("forged"), now: v.number(), from: PeerSchema }),
      v.strictObject({ type: v.literal("revealed"), now: v.number(), attempt: v.number(), seed: BytesSchema }),
      v.strictObject({ type: v.literal("resealed"), now: v.number(), attempt: v.number(), commitment: v.string() }),
      v.strictObject({ type: v.literal("epoch"), now: v.number(), self: PeerSchema }),
      v.strictObject({ type: v.literal("issuer"), now: v.number(), issuer: v.nullable(v.string()) }),
      v.strictObject({ type: v.literal("judged"), now: v.number(), root: v.string(), change: v.nullable(v.strictObject({ mean: v.number(), error: v.number(), before: v.number() })) }),
      v.strictObject({ type: v.literal("take"), now: v.number(), taking: v.boolean() }),
    ]),
  ),
});

/** @throws WireError */
export function decodeRecording(bytes: Uint8Array): Recording {
  const parsed = v.safeParse(RecordingSchema, decode(bytes, { strict: true }));
  if (!parsed.success) throw new WireError("malformed", `not a recording: ${v.summarize(parsed.issues)}`);
  const { config: { compressor: made, ...config }, startedAt, events } = parsed.output;
  const compressor = made && createCompressor(made.setting, made.shapes);
  const commit = decodeCommit(parsed.output.commit);
  const params = new Int32Array(parsed.output.params.slice().buffer);
  const outer = outerFrom(parsed.output.outer, createOuter(config.outer).initial(params.length));
  const shared = sharedFrom(parsed.output.shared, compressor?.initial() ?? NOTHING_SHARED);
  const carry = carryFrom(parsed.output.carry, compressor?.parameters ?? 0);
  return { start: initialState({ ...config, compressor, kernels: createKernels() }, { ...commit, params, outer, shared }, startedAt, carry), events };
}
