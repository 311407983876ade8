import { ristretto255_hasher } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import * as v from "valibot";
import { codec } from "../../wire/codec.ts";
import { SUITE, T, text, u32, type Random } from "../suite.ts";
import { committeeHash, keyOf, type Committee } from "./announce.ts";
import type { Membership } from "./dkg.ts";
import { evaluate, evaluationHolds, interpolate, type Evaluation, type Part } from "./evaluate.ts";
import { thresholdOf } from "./limits.ts";
import { PointBytes, ProofBytes, U32 } from "./schema.ts";

/** What the room draws by the beacon. A member evaluates only once the draw is due: the device says when. */
export interface Draw {
  /** `groups` of an epoch, once its member list is frozen; `audit` of a round, once the commitments are signed. */
  purpose: "groups" | "audit";
  number: number;
}

const DST = text(`${SUITE}/beacon`);

/**
 * The point of a draw. A member makes it itself, from a draw and never from a point, and under a key of its own:
 * so nobody has a blinded input, or a token's, evaluated by it, and buys the future.
 */
const pointOfDraw = (committee: Committee, { purpose, number }: Draw): Uint8Array =>
  ristretto255_hasher.hashToCurve(T(committeeHash(committee), text(purpose), u32(number)), { DST }).toBytes();

const PartSchema = v.strictObject({ purpose: v.picklist(["groups", "audit"]), number: U32, evaluated: PointBytes, proof: ProofBytes });
const wire = codec(1, PartSchema, 512);

/** A member's part of a draw, for everybody. */
export type BeaconPart = Draw & Evaluation;

export const encodeBeaconPart = (part: BeaconPart): Uint8Array<ArrayBuffer> => wire.encode(part);
/** @throws WireError */
export const decodeBeaconPart = (bytes: Uint8Array): BeaconPart => wire.decode(bytes);

export const beaconPart = ({ committee, keys }: Membership, draw: Draw, random: Random): BeaconPart => ({
  ...draw,
  ...evaluate(keys.beacon, pointOfDraw(committee, draw), random),
});

/** One draw as a device collects it. */
export interface Drawing {
  readonly committee: Committee;
  readonly draw: Draw;
  parts: readonly Part[];
  /** 32 bytes once t members have given their parts: the same, whichever t they are. */
  output: Uint8Array | null;
}

export const startDrawing = (committee: Committee, draw: Draw): Drawing => ({ committee, draw, parts: [], output: null });

/** @returns the drawing with this part, or null where it is of another draw or its proof does not hold. */
export function takeBeaconPart(drawing: Drawing, place: number, part: BeaconPart): Drawing | null {
  const { committee, draw, parts, output } = drawing;
  if (part.purpose !== draw.purpose || part.number !== draw.number) return null;
  if (output !== null || parts.some((other) => other.place === place)) return drawing;
  const point = pointOfDraw(committee, draw);
  if (!evaluationHolds(keyOf(committee, "beacon"), place, point, part)) return null;
  const all = [...parts, { place, point: part.evaluated }];
  if (all.length < thresholdOf(committee.members.length)) return { ...drawing, parts: all };
  return { ...drawing, parts: all, output: sha256(T(DST, point, interpolate(all, 0n))) };
}
