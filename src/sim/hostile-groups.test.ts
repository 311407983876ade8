import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { countIn } from "../swarm/attempt.ts";
import { decodeMessage, encodeMessage, isStands, signedBytes, type Word } from "../swarm/message.ts";
import { boundOf, chunkRange } from "../swarm/tier/part.ts";
import { lengthAt, nextModel } from "../swarm/values.ts";
import type { Head } from "../swarm/state.ts";
import { groupsAfter } from "../swarm/tier/groups.ts";
import { pack } from "../update/pack.ts";
import { sign } from "./signing.ts";
import { createSim, type Sim, type SimDevice } from "./sim.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const groupOf = ({ id, state }: SimDevice): number => groupsAfter(state.head, state.config).of(id);
const cutHash = (cut: readonly string[]): string => bytesToHex(cut.reduce((digest, hash) => digest.update(hexToBytes(hash)), sha256.create()).digest());
const CHUNK = 7;

function running(devices: number, groupSize: number, seed: number): Sim {
  const sim = createSim({ parameters: 60, seed, groupSize });
  for (let i = 0; i < devices; i++) sim.add();
  expect(sim.run(180_000, () => sim.devices.every(({ state: { head } }) => head.record.contributors.count === devices))).toBe(true);
  return sim;
}

/** These give everybody in their groups made-up sums of all chunks, as soon as a cut is proposed and again when it is signed. */
function giveFalseTotals(sim: Sim, liars: readonly SimDevice[], round: number): ReadonlyMap<SimDevice, Int8Array> {
  const told = new Map<SimDevice, boolean>();
  const updates = new Map<SimDevice, Int8Array>();
  sim.watch((device) => {
    const { tier, view, update } = device.state.round;
    if (roundOf(device) === round && update) updates.set(device, update.values);
    if (roundOf(device) !== round || !tier || tier.cut.length < 2 || liars.includes(device) || told.get(device) === tier.signed) return;
    const liar = liars.find(({ id }) => view.includes(id));
    if (!liar) return;
    told.set(device, tier.signed);
    const bound = tier.cut.reduce((sum, hash) => sum + boundOf(device.state.config, tier.parts.get(hash)!.contributors.length), 0);
    const { root } = device.state.head;
    sim.clock.after(1, () => {
      for (let index = 0; index < 8; index++) {
        const [from, to] = chunkRange(countIn(device.state), index);
        const payload = pack(new Int32Array(to - from).fill(bound), bound);
        sim.inject(device, { type: "message", from: liar.id, bytes: encodeMessage({ kind: "bulk", what: "total", root, view: cutHash(tier.cut), index, payload }) });
      }
    });
  });
  return updates;
}

/** All honest devices hold one model, and it is the one that follows from the updates of all. */
function expectTrueRound(honest: readonly SimDevice[], before: Head, updates: ReadonlyMap<SimDevice, Int8Array>): void {
  const round = before.record.round + 1;
  const { config } = honest[0]!.state;
  const sum = new Int32Array(lengthAt({ head: before, config }));
  for (const values of updates.values()) values.forEach((value, i) => (sum[i]! += value));
  const { params } = nextModel(before, sum, updates.size, config);
  const roots = honest.map(({ history }) => history.find((commit) => commit.round === round)!);
  expect(new Set(roots.map(({ root }) => root)).size).toBe(1);
  for (const { state } of honest) expect([state.head, state.previous].find((head) => head?.record.round === round)?.params).toEqual(params);
}

test("a liar in each group cannot pass made-up sums off on its own, and is named", () => {
  const sim = running(8, 4, 21);
  const { head } = sim.devices[0]!.state;
  const round = roundOf(sim.devices[0]!);
  const liars = [0, 1].map((group) => sim.devices.find((device) => groupOf(device) === group)!);
  const honest = sim.devices.filter((device) => !liars.includes(device));
  const updates = giveFalseTotals(sim, liars, round);
  sim.run(60_000, () => honest.every((device) => roundOf(device) > round));
  expectTrueRound(honest, head, updates);
  const accused = honest.flatMap(({ problems }) => problems.flatMap((problem) => (problem.type === "accused" ? [problem.peer] : [])));
  expect(new Set(accused)).toEqual(new Set(liars.map(({ id }) => id)));
});

test("a liar that says it stands on what a device is about to vote for does not make it commit", () => {
  const sim = running(8, 4, 22);
  const { head } = sim.devices[0]!.state;
  const round = roundOf(sim.devices[0]!);
  const liar = sim.devices.find((device) => groupOf(device) === 0)!;
  const honest = sim.devices.filter((device) => device !== liar);
  const updates = giveFalseTotals(sim, [liar], round);
  let lies = 0;
  sim.tamper((from, to, bytes) => {
    const candidate = to.state.round.candidate?.head;
    if (from !== liar || !isStands(bytes) || candidate?.record.round !== round + 1) return bytes;
    const message = decodeMessage(bytes);
    const [said, ...more] = message.kind === "stands" ? message.said : [];
    if (!said || more.length > 0 || said.by.length > 1 || said.by[0]!.peer !== liar.id) return bytes;
    const word = { ...said.word, root: candidate.root, round: round + 1, weight: candidate.record.weight };
    const seq = said.by[0]!.seq + 1;
    lies++;
    return encodeMessage({ kind: "stands", said: [{ word, by: [{ peer: liar.id, seq, signature: sign(liar.id, signedBytes(word, seq)) }] }] });
  });
  sim.run(60_000, () => honest.every((device) => roundOf(device) > round));
  expect(lies).toBeGreaterThan(0);
  expectTrueRound(honest, head, updates);
});

test("three of a group that sign its part alone make nobody else stand back", () => {
  const sim = running(16, 8, 24);
  const round = Math.max(...sim.devices.map(roundOf));
  sim.run(10_000, () => sim.devices.every((device) => roundOf(device) === round));
  const liars = sim.devices.filter((device) => groupOf(device) === 0).slice(0, 3);
  const others = sim.devices.filter((device) => groupOf(device) === 1);
  const told = new Set<SimDevice>();
  sim.watch((device) => {
    const { tier } = device.state.round;
    const part = [...(tier?.parts ?? [])].find(([, { group }]) => group === 0)?.[0];
    if (!others.includes(device) || told.has(device) || part === undefined || roundOf(device) !== round) return;
    const said = liars.flatMap((liar) => {
      const heard = device.state.stands.get(liar.id);
      if (heard?.part !== part) return [];
      const { since: _, times: __, seq, signature: ___, ...last } = heard;
      const word: Word = { ...last, cut: { hash: cutHash([part]), units: 1 }, signed: true };
      return [{ word, by: [{ peer: liar.id, seq: seq + 1, signature: sign(liar.id, signedBytes(word, seq + 1)) }] }];
    });
    if (said.length < liars.length) return;
    told.add(device);
    sim.clock.after(1, () => sim.inject(device, { type: "message", from: liars[0]!.id, bytes: encodeMessage({ kind: "stands", said }) }));
  });
  expect(sim.run(60_000, () => others.every((device) => roundOf(device) > round))).toBe(true);
  expect(told.size).toBe(others.length);
  for (const { history } of others) expect(history.find((commit) => commit.round === round + 1)).toMatchObject({ adopted: false });
});

test("a group that certifies its sum and gives nobody a chunk of it costs one attempt, not every round", () => {
  const sim = running(12, 3, 23);
  const round = roundOf(sim.devices[0]!);
  const hiding = sim.devices.filter((device) => groupOf(device) === 2).map(({ id }) => id);
  const honest = sim.devices.filter(({ id }) => !hiding.includes(id));
  sim.tamper((from, to, bytes) => (hiding.includes(from.id) && !hiding.includes(to.id) && bytes[0]! >= 0x80 && bytes[1] === CHUNK ? null : bytes));
  expect(sim.run(150_000, () => honest.every((device) => roundOf(device) > round + 2))).toBe(true);
});
