import { listed, rootOf, type CommitRecord } from "../swarm/record.ts";
import { EMPTY_ROLL, enrolled } from "../swarm/roll.ts";
import type { Head, SwarmConfig } from "../swarm/state.ts";
import { groupsAfter, groupsFor, nodesFor, someOf } from "../swarm/tier/groups.ts";
import type { PeerId } from "../wire/ids.ts";

/** Of the commit that the simulation begins with. */
export const FIRST_ROUND = 1;

/**
 * A commit that froze the list of all who are there: the room is at work already, and need not grow first.
 * @returns the head as the device of a name holds it
 */
export function frozenHead(first: Head, names: readonly PeerId[], config: Pick<SwarmConfig, "epochRounds" | "groupSize" | "roomGroups" | "nodeGroups" | "speakers">): (name: PeerId) => Head {
  const members = [...names].sort();
  const nodes = nodesFor(members.length, config);
  const begun: CommitRecord = { ...first.record, round: FIRST_ROUND, prev: first.root, nodes, groups: groupsFor(Math.floor(members.length / nodes), config.groupSize), weight: members.length };
  const { nodeOf } = groupsAfter({ record: begun, root: first.root, roll: EMPTY_ROLL }, { ...config, self: members[0]! });
  const lists = Array.from({ length: nodes }, (_, node) => members.filter((peer) => nodeOf(peer) === node));
  const rows = nodes === 1 ? [] : lists.map((list) => ({ contributors: listed(list), members: listed(list), groups: groupsFor(list.length, config.groupSize), speakers: someOf(list, config.speakers, first.root) }));
  const heads = lists.map((list, node): Head => {
    const roll = { contributors: list, members: list, node, rows };
    const record = { ...begun, ...enrolled(roll) };
    return { ...first, record, root: rootOf(record), roll };
  });
  return (name) => heads[nodeOf(name)]!;
}
