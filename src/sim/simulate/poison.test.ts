import { beforeAll, expect, test } from "vitest";
import { buildDigits } from "../../../tools/digits.ts";
import { loadPacks, packName } from "../../learn/digits.ts";
import { readPackFile } from "../../learn/testing/node.ts";
import { createLearning } from "./learning/learning.ts";
import { createMlp } from "./learning/mlp.ts";
import { dataOf, type Data } from "./learning/replicas.ts";
import { HIDDEN } from "./options.ts";
import { createRoom, type Tamper } from "./room.ts";
import { createStandInSums } from "./sums/stand-in.ts";

/** One group, whose sums no bound on groups' lengths applies to. */
const PEERS = 8;
const SCALE = -100;
/** The model has learnt most of what it can before it is poisoned. */
const FROM = 8;

let data: Data;
beforeAll(async () => {
  await buildDigits();
  const names = (set: "train" | "test", packs: number): string[] => Array.from({ length: packs }, (_, index) => packName(set, index));
  data = dataOf(await loadPacks(readPackFile, names("train", 1)), await loadPacks(readPackFile, names("test", 1)));
}, 60_000);

interface Lived {
  round: number;
  refused: boolean;
  accuracy: number;
  loss: number;
}

/** Rounds on real digits with the swarm's own code; the first `poisoners` devices turn their updates round and scale them. */
function live(rounds: number, poisoners: number, judged: Tamper = (_, event) => event): Lived[] {
  const learning = createLearning(data, createMlp(HIDDEN), PEERS, 1, null);
  const { timeline, devices, handle } = createRoom({ peers: PEERS, minutes: 10, churn: 0, attack: null, seed: 1 }, learning, createStandInSums(), (device, event) => {
    const poisons = device.number < poisoners && device.state.head.record.round >= FROM;
    if (event.type === "trained" && poisons) return { ...event, delta: event.delta.map((value) => SCALE * value) };
    return event.type === "judged" ? judged(device, event) : event;
  });
  const lived: Lived[] = [];
  const seen = devices.all[PEERS - 1]!;
  let root = seen.state.head.root;
  for (let due = timeline.take(600e6); due !== null && lived.length < rounds; due = timeline.take(600e6)) {
    handle(due);
    const { head, previous } = seen.state;
    if (head.root === root) continue;
    root = head.root;
    const losses = learning.losses(head);
    lived.push({ round: head.record.round, refused: head.record.model === previous?.record.model, accuracy: learning.score(head), loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length });
  }
  return lived;
}

const refusals = (lived: readonly Lived[]): number => lived.filter(({ refused }) => refused).length;
const before = (lived: readonly Lived[]): Lived => lived.findLast(({ round }) => round <= FROM)!;

test("forty honest rounds refuse nothing", () => {
  const lived = live(40, 0);
  expect(lived).toHaveLength(40);
  expect(refusals(lived)).toBe(0);
  expect(lived.at(-1)!.accuracy).toBeGreaterThan(0.85);
});

test.each([
  ["two who vote for everything", 2, (({ number }, event) => (number < 2 && event.type === "judged" ? { ...event, change: null } : event)) satisfies Tamper],
  ["three", 3, undefined],
] as const)("what %s of eight make of a sum is refused, and the model stays as good", (_, poisoners, judged) => {
  const lived = live(18, poisoners, judged);
  expect(refusals(lived)).toBeGreaterThan(5);
  expect(lived.at(-1)!.accuracy).toBeGreaterThan(before(lived).accuracy - 0.05);
  expect(lived.at(-1)!.loss).toBeLessThan(before(lived).loss + 0.3);
});

test("where nobody judged, the same sums ruin the model", () => {
  const lived = live(16, 2, (_, event) => (event.type === "judged" ? { ...event, change: null } : event));
  expect(refusals(lived)).toBe(0);
  expect(lived.at(-1)!.loss).toBeGreaterThan(before(lived).loss + 3);
});
