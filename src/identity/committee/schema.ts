import * as v from "valibot";
import { peerIdOf } from "../../wire/ids.ts";
import { POINT_BYTES, SCALAR_BYTES } from "../suite.ts";
import { LIMITS } from "./limits.ts";

/** Pieces of the committee's frames. Lengths are checked here; points and scalars where they are used. */
export const Bytes = (length: number) => v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length, `not ${length} bytes`);
export const BytesUpTo = (most: number) => v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= most, `more than ${most} bytes`);
export const PointBytes = Bytes(POINT_BYTES);
export const ScalarBytes = Bytes(SCALAR_BYTES);
export const HashBytes = Bytes(32);
/** A challenge and a response, or a point and a response. */
export const ProofBytes = Bytes(2 * SCALAR_BYTES);
export const Natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const U32 = v.pipe(Natural, v.maxValue(0xffffffff));
/** Where a member stands in the committee's ascending list, from 0. */
export const Place = v.pipe(Natural, v.maxValue(LIMITS.membersAtMost - 1));
/** 4 to 7 members, strictly ascending: one list has one encoding. */
export const Members = v.pipe(
  v.array(v.pipe(Bytes(16), v.transform(peerIdOf))),
  v.minLength(LIMITS.membersAtLeast),
  v.maxLength(LIMITS.membersAtMost),
  v.check((list) => list.every((id, at) => at === 0 || list[at - 1]! < id), "not ascending"),
);
