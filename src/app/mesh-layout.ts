import { PHASES, type PeerView, type Snapshot } from "../device/api.ts";
import type { PeerId } from "../wire/ids.ts";

/** Nodes drawn; the others are only counted. */
const MESH_NODES = 48;

export interface MeshNode {
  id: PeerId;
  /** Within a square from −1 to 1, y down. */
  x: number;
  y: number;
  reach: "self" | PeerView["reach"];
  phase: PeerView["phase"];
  round: number | null;
  /** 0 to 1 over the seven phases. */
  progress: number;
}

interface MeshEdge {
  from: MeshNode;
  to: MeshNode;
  /** `own`: this device's direct link; `relayed`: no link, reached over others; `other`: between two others. */
  kind: "own" | "relayed" | "other";
}

/** The first four hex digits: enough to tell devices apart on a screen. */
export const shortId = (id: string): string => id.slice(0, 4);

const progressOf = (phase: PeerView["phase"]): number => (phase === null ? 0 : (PHASES.indexOf(phase) + 1) / PHASES.length);

/** This device at the top, the others round a circle in the order of their names, so that nobody jumps when one leaves or joins. */
export function layoutMesh(snapshot: Pick<Snapshot, "self" | "peers" | "edges" | "phase" | "round">): { nodes: MeshNode[]; edges: MeshEdge[] } {
  const { self } = snapshot;
  const peers = snapshot.peers.filter(({ id }) => id !== self).sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, MESH_NODES);
  const own = self === null ? [] : [{ id: self, reach: "self" as const, phase: snapshot.phase, round: snapshot.round }];
  const all = [...own, ...peers];
  const nodes = all.map(({ id, reach, phase, round }, at): MeshNode => {
    const angle = all.length === 1 ? 0 : (2 * Math.PI * at) / all.length - Math.PI / 2;
    const radius = all.length === 1 ? 0 : 1;
    return { id, reach, phase, round, progress: progressOf(phase), x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const edges: MeshEdge[] = [];
  for (const [a, b] of snapshot.edges) {
    const from = byId.get(a);
    const to = byId.get(b);
    if (from && to) edges.push({ from, to, kind: a === self || b === self ? "own" : "other" });
  }
  const centre = self === null ? undefined : byId.get(self);
  if (centre) for (const node of nodes) if (node.reach === "relayed") edges.push({ from: centre, to: node, kind: "relayed" });
  return { nodes, edges };
}
