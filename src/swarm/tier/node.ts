import { hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { codec } from "../../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../../wire/ids.ts";
import { LIMITS } from "../limits.ts";
import { HashBytes, PeerList, type Hash } from "../record.ts";
import { encodedRow, RowSchema, type NodeRow } from "../roll.ts";
import { digestOf } from "./part.ts";

/**
 * What a node has to add to a round, as all of its devices work it out once its groups' sum is there. It holds once a
 * quorum of its voters state its hash.
 */
export interface NodePart extends NodeRow {
  /** Head that it builds on. */
  root: Hash;
  node: number;
  /** Those of its speakers who contributed; where none were frozen, as many of its contributors, drawn by the head's root. */
  voters: readonly PeerId[];
  /** Devices that it expects in the next round, those who wait included. */
  expected: number;
  /** What most of it name as the committee that issues pseudonyms. */
  issuer: Hash | null;
  /** Its sum's values are within ±this. */
  bound: number;
  /** As in a group's part. */
  squares: readonly number[];
  digests: readonly Hash[];
}

/** What all nodes' sum comes to: all that the next record needs besides the model, and the digests of the sum's chunks. */
export interface Outcome {
  rows: readonly NodeRow[];
  expected: number;
  issuer: Hash | null;
  bound: number;
  digests: readonly Hash[];
}

/** With its hash. */
export interface NamedOutcome {
  hash: Hash;
  outcome: Outcome;
}

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Digests = v.pipe(v.array(HashBytes), v.length(LIMITS.chunks));

const ends = {
  expected: natural,
  issuer: v.nullable(HashBytes),
  bound: v.pipe(natural, v.minValue(1), v.maxValue(2 ** 44)),
  digests: Digests,
};

const partWire = codec(
  2,
  v.strictObject({
    ...RowSchema.entries,
    ...ends,
    root: HashBytes,
    node: v.pipe(natural, v.maxValue(LIMITS.nodes - 1)),
    voters: PeerList(LIMITS.speakers),
    squares: v.pipe(v.array(natural), v.length(LIMITS.chunks)),
  }),
  4096,
);

const outcomeWire = codec(1, v.strictObject({ ...ends, rows: v.pipe(v.array(RowSchema), v.maxLength(LIMITS.nodes)) }), 16 * 1024);

const encodedEnds = ({ expected, issuer, bound, digests }: Pick<Outcome, "expected" | "issuer" | "bound" | "digests">) => ({
  expected,
  issuer: issuer === null ? null : hexToBytes(issuer),
  bound,
  digests: digests.map((digest) => hexToBytes(digest)),
});

export const encodeNodePart = (part: NodePart): Uint8Array<ArrayBuffer> =>
  partWire.encode({ ...encodedRow(part), ...encodedEnds(part), root: hexToBytes(part.root), node: part.node, voters: part.voters.map(peerIdBytes), squares: [...part.squares] });

/** @throws WireError */
export const decodeNodePart = (bytes: Uint8Array): NodePart => partWire.decode(bytes);

export const hashOfNodePart = (part: NodePart): Hash => digestOf(encodeNodePart(part));

export const encodeOutcome = (outcome: Outcome): Uint8Array<ArrayBuffer> => outcomeWire.encode({ ...encodedEnds(outcome), rows: outcome.rows.map(encodedRow) });

/** @throws WireError */
export const decodeOutcome = (bytes: Uint8Array): Outcome => outcomeWire.decode(bytes);

export const hashOfOutcome = (outcome: Outcome): Hash => digestOf(encodeOutcome(outcome));
