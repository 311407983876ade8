import type { PeerId } from "../../wire/ids.ts";
import { refuse } from "../bulk.ts";
import type { Effect } from "../events.ts";
import type { SwarmState } from "../state.ts";
import type { Audit } from "./audit.ts";

/** The audit is over, and who was audited is refused for the rest of the epoch. */
export function convict(s: SwarmState, out: Effect[], audit: Audit, why: string): true {
  s.audits = s.audits.filter((other) => other !== audit);
  return accuse(s, out, audit.peer, audit.head.record.round + 1, why);
}

export function accuse(s: SwarmState, out: Effect[], peer: PeerId, round: number, why: string): true {
  out.push({ type: "accused", peer, what: "update", round });
  if (!s.refused.includes(peer)) refuse(s, out, peer, new Error(why));
  return true;
}
