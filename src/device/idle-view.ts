import type { Snapshot } from "./api.ts";

/** What of a snapshot is of a stay in a swarm. */
export type Live = Pick<
  Snapshot,
  "status" | "self" | "signal" | "turnDown" | "slow" | "round" | "phase" | "phaseProgress" | "timeLeft" | "view" | "nodes" | "groups" | "peers" | "edges" | "bytesUp" | "bytesDown" | "refusals" | "issuer" | "breakpointReached"
>;

/** While there is none. */
export const IDLE_VIEW: Live = {
  status: "idle",
  self: null,
  signal: "down",
  turnDown: false,
  slow: false,
  round: 0,
  phase: null,
  phaseProgress: 0,
  timeLeft: null,
  view: [],
  nodes: 1,
  groups: 1,
  peers: [],
  edges: [],
  bytesUp: 0,
  bytesDown: 0,
  refusals: { forged: 0, epoch: 0, replayed: 0, revoked: 0, unknown: 0 },
  issuer: null,
  breakpointReached: false,
};
