import { bytesToHex } from "@noble/hashes/utils.js";
import { misuse } from "../errors.ts";
import { decodeId } from "../id.ts";
import { checkPartial, type PartialKey } from "../keys.ts";
import { POINT_BYTES, type Random } from "../suite.ts";
import { keyOf, type Committee } from "./announce.ts";
import { extractMessage } from "./frost.ts";
import { REF_BYTES, type Answer, type Request } from "./message.ts";
import { startSigning, stepSigning, type Signing, type SigningEffect } from "./signing.ts";

/** What a device wants extracted, and how it asks for it. */
export interface ExtractTask {
  committee: Committee;
  /** U = xG, 32 bytes. */
  U: Uint8Array;
  /** Draws a fresh id (45 bytes). */
  newId: () => Uint8Array;
  /** The request to one member, in which id and U are fixed; `instead` is the id of the attempt before. */
  ask: (place: number, attempt: { id: Uint8Array; ref: Uint8Array; instead: Uint8Array | null }) => Request;
  random: Random;
}

/** The requester's side of a threshold extract. */
export interface Extracting {
  readonly task: ExtractTask;
  /** Of the current attempt: there is one issuance per id, so each attempt has a fresh one. */
  id: Uint8Array;
  /** Members that were not at fault so far. */
  left: readonly number[];
  signing: Signing;
}

export type ExtractEvent = { now: number } & ({ type: "tick" } | { type: "answer"; place: number; answer: Answer });

export type ExtractEffect =
  | { type: "ask"; place: number; request: Request }
  /** A partial key that passes `checkPartial`, for `fullKey`. */
  | { type: "extracted"; id: Uint8Array; partial: PartialKey }
  /** These members spoilt an attempt: `wrong` answered wrongly, `absent` not at all. */
  | { type: "spoilt"; wrong: readonly number[]; absent: readonly number[] }
  /** Fewer than t members are left. */
  | { type: "failed" };

/**
 * FROST as PartialKeyExtract: t of n members answer for (id, U), and nobody sees R before U is fixed.
 * All members are asked, and the first t that commit sign. If one of them spoils it, the rest are asked again,
 * for another id: a member never signs twice for one, lest a requester get two keys for it.
 */
export function startExtract(task: ExtractTask, now: number): [Extracting, ExtractEffect[]] {
  return attempt(task, task.committee.members.map((_, place) => place), null, now);
}

function attempt(task: ExtractTask, left: readonly number[], instead: Uint8Array | null, now: number): [Extracting, ExtractEffect[]] {
  const [id, ref] = [task.newId(), task.random(REF_BYTES)];
  const ask = new Map(left.map((place) => [place, task.ask(place, { id, ref, instead })]));
  const [signing, effects] = startSigning({ scheme: "extract", key: keyOf(task.committee, "issuer"), message: extractMessage(task.U, id), ref, ask }, now);
  const s: Extracting = { task, id, left, signing };
  return [s, effects.flatMap((effect) => follow(s, effect, now))];
}

export function stepExtract(before: Extracting, event: ExtractEvent): [Extracting, ExtractEffect[]] {
  const [signing, effects] = stepSigning(before.signing, event);
  const s: Extracting = { ...before, signing };
  return [s, effects.flatMap((effect) => follow(s, effect, event.now))];
}

function follow(s: Extracting, effect: SigningEffect, now: number): ExtractEffect[] {
  switch (effect.type) {
    case "ask":
      return [effect];
    case "signed":
      return [{ type: "extracted", id: s.id, partial: partialOf(s, effect.signature) }];
    case "failed": {
      const { wrong, absent } = effect;
      const left = s.left.filter((place) => !wrong.includes(place) && !absent.includes(place));
      const spoilt = { type: "spoilt", wrong, absent } as const;
      if (left.length < s.signing.key.signers.min) return [spoilt, { type: "failed" }];
      const [again, asks] = attempt(s.task, left, s.id, now);
      Object.assign(s, again);
      return [spoilt, ...asks];
    }
  }
}

/** The signature R ‖ z is the partial key (R, t). */
function partialOf({ id, task, signing }: Extracting, signature: Uint8Array): PartialKey {
  const partial = { R: signature.slice(0, POINT_BYTES), t: signature.slice(POINT_BYTES) };
  // Every share was checked, so this cannot fail but by a fault in this code.
  if (!checkPartial({ id, P: signing.key.commitments[0]!, U: task.U, partial })) throw misuse("a threshold extract did not make a partial key");
  return partial;
}

/** A member's side: ids for which it has opened a signature. */
export type SeenIds = ReadonlySet<string>;

/**
 * One issuance per id, ever: the ids of past epochs are refused by their epoch, so only those of two are kept.
 * @returns the ids with this one, or null where it is not to be issued.
 */
export function admitId(seen: SeenIds, id: Uint8Array, { room }: Committee, epoch: number): SeenIds | null {
  const fields = decodeId(id);
  const due = fields.epoch === epoch || fields.epoch === epoch + 1;
  const name = bytesToHex(id);
  if (!due || bytesToHex(fields.room) !== bytesToHex(room) || seen.has(name)) return null;
  return new Set(seen).add(name);
}
