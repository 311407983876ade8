import type { Effect } from "./events.ts";
import type { SwarmState } from "./state.ts";
import { decodeSum, devicesIn, lengthAt, nextHead, type Agreed } from "./values.ts";
import { canvass, refusalOf } from "./vote.ts";

/** The next model follows from the round's sum, and is put to the vote. */
export function settle(s: SwarmState, out: Effect[], sum: Int32Array, agreed: Agreed): true {
  const { update, counters } = decodeSum(sum, lengthAt(s), devicesIn(agreed), s.config);
  const head = nextHead(s.head, agreed, update, s.config);
  s.round = { ...s.round, candidate: { head, refusal: refusalOf(s.head, head), counters, since: s.now, verdict: null } };
  return canvass(s, out);
}
