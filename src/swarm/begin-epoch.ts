import type { PeerId } from "../wire/ids.ts";
import { endRound } from "./attempt.ts";
import type { Effect } from "./events.ts";
import { UNSAID, unspoken, type SwarmState } from "./state.ts";

/**
 * This device goes on under another name, among others who do. Nothing that it knew of them by name holds any
 * more; the model does, and those who wait on it found the next round together.
 */
export function beginEpoch(s: SwarmState, out: Effect[], self: PeerId): void {
  if (s.round.trainingAsked && s.round.update === null) out.push({ type: "stop-training" });
  s.config = { ...s.config, self };
  s.reachable = [];
  s.pending = [];
  s.reachableSince = s.now;
  s.peers = new Map();
  s.stands = new Map();
  s.places = new Map();
  s.audits = [];
  s.refused = [];
  s.unserved = [];
  s.doubted = [];
  s.issuer = null;
  s.announced = s.stood = UNSAID;
  Object.assign(s, unspoken);
  endRound(s, out);
  s.sync = null;
}
