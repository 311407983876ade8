import { LIMITS } from "./limits.ts";
import type { CommitRecord } from "./record.ts";
import type { SwarmState } from "./state.ts";
import { decodeSum, lengthAt, nextHead } from "./values.ts";

/** The next model follows from the round's sum; this device votes for its root. */
export function settle(s: SwarmState, sum: Int32Array, agreed: Pick<CommitRecord, "contributors" | "members" | "issuer">): true {
  const { update, counters } = decodeSum(sum, lengthAt(s), agreed.contributors.length, s.config);
  const head = nextHead(s.head, agreed, update, s.config);
  s.round = { ...s.round, candidate: { head, counters }, votes: [...new Set([...s.round.votes, head.root])].slice(-LIMITS.members) };
  return true;
}
