import type { PeerId } from "../../wire/ids.ts";
import type { Word } from "../message.ts";
import { groupsIn, near } from "../peers.ts";
import type { Hash } from "../record.ts";
import type { SwarmState } from "../state.ts";

/** Of those who stand on this device's head: each list is made when it is first asked for. */
interface Stating {
  root: Hash;
  among: readonly PeerId[];
  parts?: readonly PeerId[] | undefined;
  nodes?: readonly PeerId[] | undefined;
  busy?: ReadonlySet<number> | undefined;
}

/** Each step asks several times, and a word seldom changes who is in which list. */
const known = new WeakMap<SwarmState["stands"], Stating>();

function statingIn(s: SwarmState): Stating {
  const { root } = s.head;
  const among = near(s);
  const before = known.get(s.stands);
  if (before?.root === root && before.among === among) return before;
  const stating: Stating = { root, among };
  known.set(s.stands, stating);
  return stating;
}

type On = (word: Word | undefined, root: Hash) => boolean;

const hasPart: On = (word, root) => word?.root === root && (word.part !== null || word.cut !== null);
const hasAbove: On = (word, root) => word?.root === root && word.above !== undefined;
const hasView: On = (word, root) => word?.root === root && word.busy;

/** Who of the own node states a part, or a cut. */
export function partsStated(s: SwarmState): readonly PeerId[] {
  const stating = statingIn(s);
  return (stating.parts ??= stating.among.filter((peer) => hasPart(s.stands.get(peer), stating.root)));
}

/** Who speaks for a node, in the order in which they were heard. */
export function nodesStated(s: SwarmState): readonly PeerId[] {
  const stating = statingIn(s);
  return (stating.nodes ??= [...s.stands].flatMap(([peer, word]) => (hasAbove(word, stating.root) ? [peer] : [])));
}

/** Of which groups of this node somebody says to be at a round. */
export function groupsStated(s: SwarmState): ReadonlySet<number> {
  const stating = statingIn(s);
  return (stating.busy ??= new Set(stating.among.filter((peer) => hasView(s.stands.get(peer), stating.root)).map(groupsIn(s).of)));
}

/** After these words: what they leave as it was need not be found anew. */
export function restate(s: SwarmState, before: SwarmState["stands"], fresh: readonly { peer: PeerId; word: Word; last: Word | undefined }[]): void {
  const last = known.get(before);
  if (last?.root !== s.head.root) return;
  const { root, among, parts, nodes, busy } = last;
  const stays = (is: On): boolean => fresh.every((said) => is(said.word, root) === is(said.last, root));
  const { of } = groupsIn(s);
  const staysBusy = fresh.every((said) => hasView(said.word, root) === hasView(said.last, root) || (hasView(said.word, root) && busy?.has(of(said.peer))));
  known.set(s.stands, { root, among, parts: stays(hasPart) ? parts : undefined, nodes: stays(hasAbove) ? nodes : undefined, busy: staysBusy ? busy : undefined });
}
