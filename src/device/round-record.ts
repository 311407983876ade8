import type { Effect } from "../swarm/events.ts";
import type { RoundRecord } from "./api.ts";

/**
 * What is shown of a committed round; it is scored later.
 * @param bytes sent and received since the last one
 * @param now ms
 */
export function recordOf({ head: { record, roll }, refused, counters, startedAt, retries }: Extract<Effect, { type: "committed" }>, bytes: { up: number; down: number }, now: number): RoundRecord {
  return {
    round: record.round,
    seconds: (now - startedAt) / 1000,
    participants: [...roll.contributors],
    devices: record.contributors.count,
    accuracy: null,
    loss: null,
    trainLoss: counters.samples > 0 ? counters.loss / 1000 / counters.samples : null,
    labelCounts: [...counters.labels],
    modelHash: record.model,
    bytesUp: bytes.up,
    bytesDown: bytes.down,
    retries,
    refused,
  };
}
