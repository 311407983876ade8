import { listed, rootOf, type CommitRecord } from "../swarm/record.ts";
import { EMPTY_ROLL, enrolled } from "../swarm/roll.ts";
import type { Head, SwarmConfig } from "../swarm/state.ts";
import { groupsAfter, groupsFor, nodesFor, someOf, type Sizes } from "../swarm/tier/groups.ts";
import type { PeerId } from "../wire/ids.ts";

/** Of the commit that the simulation begins with. */
const FIRST_ROUND = 1;

/**
 * A commit that froze the list of all who are there: the room is at work already, and need not grow first.
 * @returns the head as the device of a name holds it
 */
export function frozenHead(first: Head, names: readonly PeerId[], config: Pick<SwarmConfig, "epochRounds" | "speakers"> & Sizes): (name: PeerId) => Head {
  const all = [...names].sort();
  const { nodes, arcs } = nodesFor(all.length, config);
  const drawn = { ...first.record, round: FIRST_ROUND, prev: first.root, nodes, arcs };
  const { nodeOf } = groupsAfter({ record: drawn, root: first.root, roll: EMPTY_ROLL }, { ...config, self: all[0]! });
  const members = all.filter((peer) => nodeOf(peer) < nodes);
  const begun: CommitRecord = { ...drawn, groups: groupsFor(Math.floor(members.length / nodes), config.groupSize), weight: members.length };
  const lists = Array.from({ length: nodes }, (_, node) => members.filter((peer) => nodeOf(peer) === node));
  const rows = nodes === 1 ? [] : lists.map((list) => ({ contributors: listed(list), members: listed(list), groups: groupsFor(list.length, config.groupSize), speakers: someOf(list, config.speakers, first.root) }));
  const heads = lists.map((list, node): Head => {
    const roll = { contributors: list, members: list, node, rows };
    const record = { ...begun, ...enrolled(roll) };
    return { ...first, record, root: rootOf(record), roll };
  });
  // Whoever rests has the lists of some node.
  return (name) => heads[nodeOf(name) % nodes]!;
}
