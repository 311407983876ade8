/** A round's phases in their order, named as in the design (swarm.md). */
export const PHASES = ["join-cutoff", "train", "ready", "send", "open", "reduce", "commit"] as const;

export type Phase = (typeof PHASES)[number];

/** Whether a device that stands at `phase` has reached `goal` in the same round. */
export const reached = (phase: Phase, goal: Phase): boolean => PHASES.indexOf(phase) >= PHASES.indexOf(goal);
