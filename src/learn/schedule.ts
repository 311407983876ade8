import type { TaskManifest } from "./task.ts";

/**
 * The part of the learning rate at a step, counted from the task's first: up in a straight line during the warm-up, then
 * down along half a cosine (Loshchilov and Hutter, "SGDR", 2017) to `floor`, where it stays. It follows from the round,
 * so that a device that comes late steps as far as the others.
 */
export function ratePart(schedule: TaskManifest["inner"]["schedule"], step: number): number {
  if (!schedule) return 1;
  const { warmUp, steps, floor } = schedule;
  if (step < warmUp) return (step + 1) / warmUp;
  const done = Math.min(1, (step - warmUp) / (steps - warmUp));
  return floor + ((1 - floor) * (1 + Math.cos(Math.PI * done))) / 2;
}
