import { checkTask, type TaskManifest } from "../learn/task.ts";
import { COHORT_NODES, EPOCH_ROUNDS, GROUP_SIZE, NODE_GROUPS, NODE_SPEAKERS, ROOM_GROUPS } from "../swarm/epoch.ts";
import { LIMITS } from "../swarm/limits.ts";
import type { AuditSetting, SwarmConfig } from "../swarm/state.ts";
import type { DeviceOptions } from "./api.ts";

/** Of a task that is given but an ε. */
const PRIVACY = { delta: 1e-5, rounds: 100, clip: 1, honest: 2 };

/** A task with an address's own settings. @throws TaskError where they make no task */
export function asOpened(chosen: TaskManifest, { localSteps = chosen.inner.localSteps, epochRounds, groupSize, nodes, privacy, audits }: DeviceOptions): TaskManifest {
  const task: TaskManifest = {
    ...chosen,
    inner: { ...chosen.inner, localSteps },
    ...(epochRounds !== undefined && { epochRounds }),
    ...(groupSize !== undefined && { groupSize }),
    ...(nodes !== undefined && { nodes }),
    ...(privacy !== undefined && { privacy: { ...PRIVACY, epsilon: privacy } }),
  };
  return audits === undefined ? task : withAudits(task, audits);
}

function withAudits(task: TaskManifest, { kind, oneOf }: NonNullable<DeviceOptions["audits"]>): TaskManifest {
  const { driftCorrection: _, ...inner } = task.inner;
  return checkTask({ ...task, audits: kind, auditOneOf: oneOf, inner: kind === "rerun" ? inner : task.inner });
}

/** Noise would be no use where the update itself is shown. */
export const auditsOf = ({ audits, auditOneOf = LIMITS.auditOneOf, privacy, inner }: TaskManifest): AuditSetting | null =>
  audits && privacy === undefined ? { oneOf: auditOneOf, steps: audits === "rerun" ? inner.localSteps : null } : null;

export const epochRoundsOf = ({ epochRounds = EPOCH_ROUNDS }: TaskManifest): number => epochRounds;

type Protocol = Pick<SwarmConfig, "bits" | "seed" | "epochRounds" | "groupSize" | "roomGroups" | "nodeGroups" | "speakers" | "cohortNodes" | "outer" | "audits">;

/** How the core plays a task's rounds, as far as the task says. */
export function protocolOf(task: TaskManifest): Protocol {
  const audits = auditsOf(task);
  return {
    bits: task.update.bits,
    seed: task.seed,
    epochRounds: epochRoundsOf(task),
    groupSize: task.groupSize ?? GROUP_SIZE,
    roomGroups: ROOM_GROUPS,
    nodeGroups: NODE_GROUPS,
    speakers: NODE_SPEAKERS,
    cohortNodes: COHORT_NODES,
    ...task.nodes,
    ...(task.outer && { outer: task.outer }),
    ...(audits && { audits }),
  };
}
