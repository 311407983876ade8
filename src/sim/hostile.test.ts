import { expect, test } from "vitest";
import { decodeMessage, encodeMessage, type Status } from "../swarm/message.ts";
import { encodeComplaint } from "../swarm/parcel.ts";
import { createSim, type Sim, type SimDevice } from "./sim.ts";

const UPDATE = 0;
const roundOf = (device: SimDevice): number => device.state.head.record.round;
const refused = (device: SimDevice): string[] => device.problems.flatMap((problem) => (problem.type === "refused" ? [problem.peer] : []));

function room(devices: number, seed: number): Sim {
  const sim = createSim({ seed });
  for (let i = 0; i < devices; i++) sim.add();
  return sim;
}

/** What a device says of itself is changed on its way, to all or to one. */
function restate(sim: Sim, liar: SimDevice, change: (status: Status) => Status, only?: SimDevice): void {
  sim.tamper((from, to, bytes) => {
    if (from !== liar || (only && to !== only) || bytes[0]! >= 0x80) return bytes;
    const message = decodeMessage(bytes);
    return message.kind === "status" ? encodeMessage(change(message)) : bytes;
  });
}

test("a member that names a small view leads nobody into it: who is alone with it in a sum would give its update away", () => {
  for (let seed = 1; seed <= 4; seed++) {
    const sim = room(8, seed);
    const [victim, liar] = [sim.devices[1]!, sim.devices[3]!];
    restate(sim, liar, (status) => (status.view.length > 2 ? { ...status, view: [victim.id, liar.id].sort() } : status));
    const honest = sim.devices.filter((device) => device !== liar);
    expect(sim.run(60_000, () => honest.every((device) => roundOf(device) >= 2))).toBe(true);
    for (const device of honest) for (const { contributors, adopted } of device.history) if (!adopted) expect(contributors.length).toBeGreaterThanOrEqual(6);
  }
});

test("the first to say that it signed does not decide who is in the next round, or which committee issues", () => {
  const sim = room(8, 5);
  const liar = sim.devices[3]!;
  restate(sim, liar, (status) => (status.set === null ? status : { ...status, phase: status.phase === "commit" ? "commit" : "reduce", next: [liar.id], issuer: "ba".repeat(32) }));
  const honest = sim.devices.filter((device) => device !== liar);
  expect(sim.run(60_000, () => honest.every((device) => roundOf(device) >= 2))).toBe(true);
  for (const device of honest) {
    expect(device.state.head.record.members.count).toBeGreaterThanOrEqual(7);
    expect(device.state.head.record.issuer).toBeNull();
  }
});

test("a member that says it signed and gives nobody its parcels holds the round up no longer than one that is late", () => {
  const sim = room(8, 5);
  const liar = sim.devices[3]!;
  sim.tamper((from, _to, bytes) => {
    if (from !== liar) return bytes;
    if (bytes[0]! >= 0x80) return bytes[1] === UPDATE ? null : bytes;
    const message = decodeMessage(bytes);
    return message.kind === "status" && message.set !== null ? encodeMessage({ ...message, phase: "reduce" }) : bytes;
  });
  const honest = sim.devices.filter((device) => device !== liar);
  expect(sim.run(90_000, () => honest.every((device) => roundOf(device) >= 2))).toBe(true);
  for (const device of honest) expect(refused(device)).toEqual([]);
});

test("a dealer that answers one holder wrongly gets that holder refused by nobody, and their quarrel stops nothing", () => {
  // Who refuses whom reaches the others in any order: in the last three, views fall apart and are founded anew.
  for (const seed of [5, 6, 20, 28]) {
    const sim = room(8, seed);
    const [liar, victim] = [sim.devices[3]!, sim.devices[5]!];
    restate(
      sim,
      liar,
      (status) => {
        if (!status.answer) return status;
        const answer = status.answer.slice();
        answer[1]! ^= 1;
        return { ...status, answer };
      },
      victim,
    );
    const honest = sim.devices.filter((device) => device !== liar);
    expect(sim.run(60_000, () => honest.every((device) => roundOf(device) >= 2))).toBe(true);
    for (const device of honest) expect(refused(device)).toEqual(device === victim ? [liar.id] : []);
  }
});

test("an honest dealer is not convicted where a liar made the judge's U another one", () => {
  const sim = room(5, 7);
  const [judge, dealer, liar] = [sim.devices[0]!, sim.devices[1]!, sim.devices[4]!];
  restate(sim, liar, (status) => (status.commitment ? { ...status, commitment: "11".repeat(32) } : status), judge);
  const ready = (): boolean => (judge.state.peers.get(dealer.id)?.answer ?? null) !== null && typeof judge.state.round.attempt?.set === "string" && (liar.state.peers.get(dealer.id)?.answer ?? null) !== null && liar.state.round.attempt?.parcels.has(dealer.id) === true;
  expect(sim.run(20_000, ready)).toBe(true);
  const attempt = liar.state.round.attempt!;
  const payload = encodeComplaint(attempt.parcels.get(dealer.id)!, liar.state.peers.get(dealer.id)!.answer!);
  sim.inject(judge, { type: "message", from: liar.id, bytes: encodeMessage({ kind: "bulk", what: "complaint", root: liar.state.head.root, view: attempt.name, index: attempt.view.indexOf(dealer.id), payload }) });
  expect(refused(judge)).not.toContain(dealer.id);
});
