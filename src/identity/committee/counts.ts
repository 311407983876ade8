import * as v from "valibot";
import { codec } from "../../wire/codec.ts";
import { Natural } from "./schema.ts";
import { thresholdOf } from "./limits.ts";

/** How often tokens were used, and pseudonyms made, since the committee began: public, each member's of what it did itself. */
export interface Counts {
  /** Tokens that this member evaluated. */
  tokens: number;
  /** Tokens that were presented to it, valid or not. */
  spent: number;
  /** Tokens for which it gave a share of a pseudonym's key. */
  issued: number;
}

const CountsSchema = v.pipe(
  v.strictObject({ tokens: Natural, spent: Natural, issued: Natural }),
  v.check(({ spent, issued }) => issued <= spent, "more pseudonyms than tokens spent"),
);
const wire = codec(1, CountsSchema, 64);

export const encodeCounts = (counts: Counts): Uint8Array<ArrayBuffer> => wire.encode({ ...counts });
/** @throws WireError also where more pseudonyms were issued than tokens spent: whoever reads counts checks them. */
export const decodeCounts = (bytes: Uint8Array): Counts => wire.decode(bytes);

/**
 * Whether the committee's counts account for the pseudonyms that a device has seen of it: each took t members' shares.
 * @param counts the latest of every member.
 */
export const countsCover = (counts: readonly Counts[], members: number, seen: number): boolean =>
  counts.every(({ issued, spent }) => issued <= spent) && seen * thresholdOf(members) <= counts.reduce((sum, { issued }) => sum + issued, 0);
