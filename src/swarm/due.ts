import type { SwarmState } from "./state.ts";

/**
 * Whether it is that late already. Where it is not, the state remembers when it will be: a step that asks for the time
 * in no other way finds everything as it was until then, and need not be made before.
 */
export function due(s: SwarmState, at: number): boolean {
  if (s.now >= at) return true;
  s.wakeAt = Math.min(s.wakeAt, at);
  return false;
}

/** The same of what comes again after each `interval`. */
export const dueAgain = (s: SwarmState, since: number, interval: number): boolean => due(s, since + interval) && !due(s, s.now + interval);
