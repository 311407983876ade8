import { outerChange } from "../learn/outer-change.ts";
import { createOuter } from "../learn/outer-optimiser.ts";
import { toFloat } from "../update/fixed.ts";
import { valueLimit } from "../update/quantise.ts";
import { modelHash, type Model } from "./head.ts";
import { endsEpoch } from "./epoch.ts";
import { drawOf, groupsFor, nodesFor, type Sizes } from "./tier/groups.ts";
import { type CommitRecord, rootOf } from "./record.ts";
import { enrolled, type Roll } from "./roll.ts";
import type { Counters, Head, LocalUpdate, SwarmConfig, SwarmState } from "./state.ts";

/**
 * A device's part of a sum: the update's values, and behind them its counters, so that nobody sees one device's
 * counts either. A counter goes as digits of the base that a value has levels; the digits' sums give the counters'.
 */
const COUNTERS = ["samples", "loss", "correct"] as const satisfies readonly (keyof Counters)[];
/** Counters are below this. */
const MOST = 2 ** 40;

const base = (bits: number): number => 2 * valueLimit(bits) + 1;
const digits = (bits: number): number => Math.ceil(Math.log2(MOST) / Math.log2(base(bits)));

type Setting = Pick<SwarmConfig, "labels" | "bits" | "privacy">;

/** With privacy there are no counters: ε covers the update alone. */
const countersOf = ({ labels, privacy }: Setting): number => (privacy ? 0 : COUNTERS.length + labels);

type At = { head: Head; config: Pick<SwarmConfig, "compressor"> };

/** Values of an update on this head, readings included; and how many of them grow with it. */
export const lengthAt = ({ head: { params, record }, config: { compressor } }: At): number => compressor?.length(record.round) ?? params.length;
export const linearAt = ({ head: { params, record }, config: { compressor } }: At): number => compressor?.linear(record.round) ?? params.length;

/** Where local steps begin. */
export const startAt = ({ head, carry, config: { compressor } }: Pick<SwarmState, "head" | "carry" | "config">): Float32Array => {
  const committed = toFloat(head.params);
  return compressor?.start(committed, carry) ?? committed;
};

/** Values that a device sends for an update of so many. */
export const valuesOf = (length: number, setting: Setting): number => length + countersOf(setting) * digits(setting.bits);

export function encodeValues({ values, counters }: Pick<LocalUpdate, "values" | "counters">, setting: Setting): Int8Array<ArrayBuffer> {
  const { bits, privacy } = setting;
  const all = new Int8Array(valuesOf(values.length, setting));
  all.set(values);
  if (privacy) return all;
  let at = values.length;
  for (const counter of [...COUNTERS.map((name) => counters[name]), ...counters.labels]) {
    let rest = Math.min(MOST - 1, Math.max(0, Math.round(counter)));
    for (let digit = 0; digit < digits(bits); digit++) {
      all[at++] = (rest % base(bits)) - valueLimit(bits);
      rest = Math.floor(rest / base(bits));
    }
  }
  return all;
}

/** Whether a device can have counted so; @param values all of its values */
export function isPlausible(values: Int32Array, length: number, setting: Setting): boolean {
  const { samples, loss, correct, labels } = decodeSum(values, length, 1, setting).counters;
  return [samples, loss, correct, ...labels].every((counter) => counter < MOST) && correct <= samples;
}

/** A sum of `devices` devices' values, taken apart. */
export function decodeSum(sum: Int32Array, length: number, devices: number, setting: Setting): { update: Int32Array; counters: Counters } {
  const { bits } = setting;
  const offset = devices * valueLimit(bits);
  const counts = Array.from({ length: countersOf(setting) }, (_, counter) => {
    const from = length + counter * digits(bits);
    return sum.subarray(from, from + digits(bits)).reduceRight((number, digit) => number * base(bits) + digit + offset, 0);
  });
  const [samples = 0, loss = 0, correct = 0] = counts;
  return { update: sum.subarray(0, length), counters: { samples, loss, correct, labels: counts.slice(COUNTERS.length) } };
}

/** The model that follows from a sum of so many updates: the same bytes on every device. */
export function nextModel({ record, params, outer, shared }: Head, sum: Int32Array, devices: number, { compressor, outer: kind }: Pick<SwarmConfig, "compressor" | "outer">): Model {
  const optimiser = createOuter(kind);
  if (compressor === null) {
    const stepped = optimiser.step(outer, params, sum, devices, record.stepExponent);
    return { params: stepped.params, outer: stepped.state, shared };
  }
  const said = compressor.decode(sum, devices, { round: record.round, shared });
  const stepped = outerChange(optimiser, outer, params, said);
  return { params: stepped.params, outer: stepped.state, shared: said.shared };
}

/** What those who take part in a round agree on besides its sum. */
export type Agreed = Pick<Roll, "contributors" | "members"> &
  Partial<Pick<Roll, "node" | "rows">> &
  Pick<CommitRecord, "issuer"> & {
    /** Devices of the next round, those included that wait for room. */
    expected?: number;
  };

/** Whose updates are in the sum, how many. */
export const devicesIn = ({ contributors, rows = [] }: Agreed): number => (rows.length === 0 ? contributors.length : rows.reduce((sum, row) => sum + row.contributors.count, 0));

/** The next head from the sum of the contributors' updates: the same on every device that has it. */
export function nextHead(head: Head, agreed: Agreed, sum: Int32Array, config: Pick<SwarmConfig, "compressor" | "outer" | "epochRounds"> & Sizes): Head {
  const { record } = head;
  const { contributors, members, issuer, node = 0, rows = [], expected = 0 } = agreed;
  const roll = { contributors, members, node, rows };
  const lists = enrolled(roll);
  const devices = lists.contributors.count;
  // They stay as they are in an epoch. The arcs that take part hold their share of all who are there.
  const { nodes, arcs } = endsEpoch(record.round + 1, config.epochRounds) ? nodesFor((Math.max(devices, expected) * record.arcs) / record.nodes, config) : record;
  const model = nextModel(head, sum, devices, config);
  const next = {
    task: record.task,
    round: record.round + 1,
    prev: head.root,
    ...lists,
    issuer,
    nodes,
    arcs,
    groups: groupsFor(Math.floor((lists.members.count || devices) / nodes), config.groupSize),
    draw: drawOf(head.root, record, config.epochRounds),
    model: modelHash(model),
    stepExponent: record.stepExponent,
    weight: record.weight + devices,
  };
  return { record: next, root: rootOf(next), roll, ...model };
}
