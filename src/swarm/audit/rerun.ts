import { UpdateError } from "../../update/errors.ts";
import { toFloat } from "../../update/fixed.ts";
import type { PeerId } from "../../wire/ids.ts";
import { post } from "../bulk.ts";
import type { Effect, SwarmEvent } from "../events.ts";
import { localUpdate } from "../local-update.ts";
import type { Bulk } from "../message.ts";
import { freshCarry, type SwarmConfig, type SwarmState } from "../state.ts";
import { encodeValues } from "../values.ts";
import type { Audit } from "./audit.ts";
import { convict } from "./convict.ts";
import { lotOf } from "./lot.ts";

/**
 * An audited update is trained again, where the task's data are everybody's. Its round is a function of what all have:
 * the model; the samples and all chance, which follow from a lot of the head's root and the device's name, so that nobody
 * chooses them; and of two small numbers that the device shows beside its values (lot.ts). The optimiser begins anew each
 * round, no update leaves anything for the next, and no drift is taken back: whatever a device had from its own past it
 * could have made up, and an audit of one round would not see that. So there is no state to commit to, and no chain of it.
 *
 * Two of the group, drawn by all answers, train it again beside their own rounds and compare every value. Who finds another
 * one says so to its group; each of the others then sees for itself, and refuses whom it found wrong. Nobody is refused on
 * another's word, so that a device that lies costs the others a run, and the two need not both be honest.
 *
 * `keepShown`: it showed what it had committed to; that is trained again by who has to, and kept for the others, who may
 * have to.
 */
export function keepShown(s: SwarmState, out: Effect[], audit: Audit): void {
  s.audits = s.audits.map((other) => (other === audit ? { ...audit, stage: "held" } : other));
  trainAgain(s, out, audit.attempt);
}

function trainAgain(s: SwarmState, out: Effect[], attempt: number): void {
  const audit = s.audits.find((other) => other.attempt === attempt && other.stage === "held" && (other.verifies || other.disputed));
  if (!audit?.how) return;
  const { head, peer, how } = audit;
  s.audits = s.audits.map((other) => (other === audit ? { ...audit, stage: "training" } : other));
  out.push({ type: "rerun", attempt, round: head.record.round + 1, start: toFloat(head.params), seed: lotOf(head.root, peer, how.lost), steps: how.steps });
}

/** One of the group says that it trained something else. */
export function takeDispute(s: SwarmState, out: Effect[], from: PeerId, { view }: Bulk): void {
  const audit = s.audits.find((other) => other.name === view && other.own === null && other.peer !== from && other.view.includes(from));
  if (!audit || audit.disputed) return;
  s.audits = s.audits.map((other) => (other === audit ? { ...audit, disputed: true } : other));
  trainAgain(s, out, audit.attempt);
}

export function keepReran(s: SwarmState, out: Effect[], { attempt, update }: SwarmEvent & { type: "reran" }): void {
  const audit = s.audits.find((other) => other.attempt === attempt && other.stage === "training");
  if (!audit) return;
  s.audits = s.audits.filter((other) => other !== audit);
  const values = update && valuesAgain(s.config, audit, update);
  // This device cannot say.
  if (values === null || values.every((value, i) => value === audit.values![i])) return;
  for (const peer of audit.view) if (peer !== s.config.self && peer !== audit.peer) post(s, out, peer, audit.name, "dispute", 0, new Uint8Array());
  convict(s, out, audit, "the update that it gave is not what its training gives");
}

function valuesAgain(config: SwarmConfig, { head, peer }: Audit, update: NonNullable<(SwarmEvent & { type: "reran" })["update"]>): Int8Array | null {
  try {
    return encodeValues(localUpdate({ ...config, self: peer }, head, freshCarry(config), update), config);
  } catch (error) {
    if (!(error instanceof UpdateError)) throw error;
    return null;
  }
}
