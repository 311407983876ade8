import type { BatchProgress } from "../learn/trainer.ts";
import type { MeshSnapshot } from "../mesh/mesh.ts";
import { newest, rests } from "../swarm/peers.ts";
import { phaseProgress, syncProgress } from "../swarm/progress.ts";
import type { SwarmState } from "../swarm/state.ts";
import type { PeerId } from "../wire/ids.ts";
import type { DeviceStatus, PeerView, RoundRecord } from "./api.ts";
import { IDLE_VIEW, type Live } from "./idle-view.ts";
import type { Session } from "./session.ts";

/** What a stay in a swarm looks like from outside. */
export function sessionView(session: Session, rounds: readonly RoundRecord[], batch: BatchProgress | null): Live {
  const { state } = session;
  const mesh = session.mesh();
  const total = (counts: MeshSnapshot["up"]): number => counts.own + counts.relayed + counts.overhead;
  const shared = {
    self: session.self,
    signal: session.signal,
    turnDown: mesh.turn === false && mesh.links.length === 0,
    slow: session.slow,
    peers: peersOf(state, mesh),
    edges: mesh.edges,
    bytesUp: total(mesh.up),
    bytesDown: total(mesh.down),
    refusals: session.refusals(),
    issuer: session.issuer,
    breakpointReached: session.frozen,
  };
  if (state === null) return { ...IDLE_VIEW, ...shared, status: "loading" };
  return {
    ...shared,
    status: session.self === null ? "joining" : statusOf(state),
    round: state.head.record.round + 1,
    phase: rests(state) ? null : state.round.phase,
    phaseProgress: state.round.phase === "train" && batch ? batch.step / batch.steps : (syncProgress(state) ?? phaseProgress(state)),
    timeLeft: timeLeft(state, rounds, batch),
    view: [...state.round.view],
    nodes: state.head.record.nodes,
    groups: state.head.record.nodes * state.head.record.groups,
  };
}

function statusOf(state: SwarmState): DeviceStatus {
  const { round, taking } = state;
  if (!taking) return "paused";
  if (rests(state)) return "resting";
  if (round.view.length === 0) return "joining";
  return round.view.length === 1 ? "alone" : "training";
}

function peersOf(state: SwarmState | null, mesh: MeshSnapshot): PeerView[] {
  const linked = new Set<PeerId>(mesh.links.map(({ peer }) => peer));
  const reach = (id: PeerId): PeerView["reach"] => (linked.has(id) ? "linked" : "relayed");
  const reachable = mesh.reachable.map((id): PeerView => {
    const round = state && newest(state, id)?.round;
    return { id, reach: reach(id), phase: state?.peers.get(id)?.phase ?? null, round: round === undefined || round === null ? null : round + 1 };
  });
  return [...reachable, ...mesh.pending.map((id): PeerView => ({ id, reach: "dialling", phase: null, round: null }))];
}

/** From the pace of the last round, or of this round's steps until there is one. */
function timeLeft({ round, now }: SwarmState, rounds: readonly RoundRecord[], batch: BatchProgress | null): number | null {
  if (round.view.length === 0) return null;
  const elapsed = now - round.startedAt;
  const last = rounds.at(-1);
  if (last) return Math.max(0, 1000 * last.seconds - elapsed);
  return batch && batch.step > 0 ? (elapsed / batch.step) * (batch.steps - batch.step) : null;
}
