import type { PeerId } from "../../wire/ids.ts";
import type { Commit } from "../roll.ts";
import type { SwarmConfig } from "../state.ts";
import { groupsAfter, someOf } from "./groups.ts";

/**
 * Of other nodes a device knows those who speak for them, by the record. In an epoch's first round, and where most of
 * those are gone, it has to be introduced to some: to those who are most likely to.
 * @param thereOf who is there of a node
 */
export function introduced(head: Commit, config: Pick<SwarmConfig, "self" | "epochRounds" | "speakers">, isThere: (peer: PeerId) => boolean, thereOf: (node: number) => readonly PeerId[]): PeerId[] {
  const { nodes: count, node: own } = groupsAfter(head, config);
  return Array.from({ length: count }, (_, node) => node).flatMap((node) => {
    const speakers = head.roll.rows[node]?.speakers ?? [];
    if (node === own || (speakers.length > 0 && 2 * speakers.filter(isThere).length > speakers.length)) return [];
    return someOf([...thereOf(node)].sort(), config.speakers, head.root);
  });
}
