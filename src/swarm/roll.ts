import * as v from "valibot";
import { codec, WireError } from "../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { LIMITS } from "./limits.ts";
import { decodeRecord, encodeRecord, isListed, listed, PeerList, rootOf, type CommitRecord, type Hash } from "./record.ts";

/** The lists that a record names, ascending. */
export interface Roll {
  contributors: readonly PeerId[];
  members: readonly PeerId[];
}

/** A record, the root that stands for it, and its roll: what a device has to know of a commit besides the model. */
export interface Commit {
  record: CommitRecord;
  root: Hash;
  roll: Roll;
}

export const EMPTY_ROLL: Roll = { contributors: [], members: [] };

/** What a record says of a roll. */
export const enrolled = ({ contributors, members }: Roll): Pick<CommitRecord, "contributors" | "members"> => ({ contributors: listed(contributors), members: listed(members) });

const wire = codec(1, v.strictObject({ record: v.instance(Uint8Array), contributors: PeerList(LIMITS.groups * LIMITS.members), members: PeerList(LIMITS.devices) }), 16384);

export const encodeCommit = ({ record, roll: { contributors, members } }: Pick<Commit, "record" | "roll">): Uint8Array<ArrayBuffer> =>
  wire.encode({ record: encodeRecord(record), contributors: contributors.map(peerIdBytes), members: members.map(peerIdBytes) });

/**
 * The roll is the one that the record names.
 * @throws WireError
 */
export function decodeCommit(bytes: Uint8Array): Commit {
  const { record: encoded, ...roll } = wire.decode(bytes);
  const record = decodeRecord(encoded);
  if (!isListed(roll.contributors, record.contributors) || !isListed(roll.members, record.members)) throw new WireError("malformed", "a record with another roll than the one that it names");
  return { record, root: rootOf(record), roll };
}
