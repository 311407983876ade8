import type { SessionEvents } from "./session.ts";

/** What a stay tells a device that only looks for something among the others, and takes no part. */
export const lookingOn = (events: Pick<SessionEvents, "onChange" | "onProblem" | "onTampered">): SessionEvents => ({
  ...events,
  onBatch: () => undefined,
  onCommitted: () => undefined,
  onAdopted: () => undefined,
  onDeparted: () => undefined,
  onAccused: () => undefined,
  onReceipt: () => undefined,
});
