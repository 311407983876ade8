import { nextStepExponent } from "../learn/outer.ts";
import { createOuter } from "../learn/outer-optimiser.ts";
import { valueLimit } from "../update/quantise.ts";
import { modelHash } from "./head.ts";
import { drawOf, groupsFor } from "./tier/groups.ts";
import { type CommitRecord, rootOf } from "./record.ts";
import type { Counters, Head, LocalUpdate, SwarmConfig } from "./state.ts";

/**
 * A device's part of a sum: the update's values, and behind them its counters, so that nobody sees one device's
 * counts either. A counter goes as digits of the base that a value has levels; the digits' sums give the counters'.
 */
const COUNTERS = ["samples", "loss", "correct", "clipped", "large"] as const satisfies readonly (keyof Counters)[];
/** Counters are below this. */
const MOST = 2 ** 40;

const base = (bits: number): number => 2 * valueLimit(bits) + 1;
const digits = (bits: number): number => Math.ceil(Math.log2(MOST) / Math.log2(base(bits)));

type Setting = Pick<SwarmConfig, "labels" | "bits" | "privacy">;

/** With privacy there are no counters: ε covers the update alone. */
const countersOf = ({ labels, privacy }: Setting): number => (privacy ? 0 : COUNTERS.length + labels);

/** Values of a model with so many parameters. */
export const valuesOf = (parameters: number, setting: Setting): number => parameters + countersOf(setting) * digits(setting.bits);

export function encodeValues({ values, counters }: LocalUpdate, setting: Setting): Int8Array<ArrayBuffer> {
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

/** A sum of `devices` devices' values, taken apart. */
export function decodeSum(sum: Int32Array, parameters: number, devices: number, setting: Setting): { update: Int32Array; counters: Counters } {
  const { bits } = setting;
  const offset = devices * valueLimit(bits);
  const counts = Array.from({ length: countersOf(setting) }, (_, counter) => {
    const from = parameters + counter * digits(bits);
    return sum.subarray(from, from + digits(bits)).reduceRight((number, digit) => number * base(bits) + digit + offset, 0);
  });
  const [samples = 0, loss = 0, correct = 0, clipped = 0, large = 0] = counts;
  return { update: sum.subarray(0, parameters), counters: { samples, loss, correct, clipped, large, labels: counts.slice(COUNTERS.length) } };
}

/** The next head from the sum of the contributors' updates: the same on every device that has it. */
export function nextHead(head: Head, agreed: Pick<CommitRecord, "contributors" | "members" | "issuer">, sum: Int32Array, { clipped, large }: Counters, { privacy, outer, groupSize, epochRounds }: Pick<SwarmConfig, "privacy" | "outer" | "groupSize" | "epochRounds">): Head {
  const { record } = head;
  const devices = agreed.contributors.length;
  const { params, state } = createOuter(outer).step(head.outer, head.params, sum, devices, record.stepExponent);
  const model = { params, outer: state };
  const next = {
    task: record.task,
    round: record.round + 1,
    prev: head.root,
    ...agreed,
    groups: groupsFor(agreed.members.length || devices, groupSize),
    draw: drawOf(head.root, record, epochRounds),
    model: modelHash(model),
    // A step that followed the updates would tell about them.
    stepExponent: privacy ? record.stepExponent : nextStepExponent(record.stepExponent, clipped, large, params.length * devices),
    weight: record.weight + devices,
  };
  return { record: next, root: rootOf(next), ...model };
}
