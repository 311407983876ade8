import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { createIssuer, type Issuer } from "../identity/keys.ts";
import { systemClock } from "../mesh/clock.ts";
import { createNetwork, type Network } from "../mesh/testing/network.ts";
import { createKernels } from "../securesum/kernel.ts";
import { host } from "../signal/signal.fixture.ts";
import { rootOf, taskHash } from "../swarm/record.ts";
import { genesisHead } from "../swarm/state.ts";
import { arcIn, type Cut } from "../swarm/tier/groups.ts";
import { emptyCarry } from "../update/compression/carry.ts";
import type { PeerId } from "../wire/ids.ts";
import { roomCredential } from "./credential.ts";
import type { IssuedPass } from "./passes.ts";
import { createPresences, type Presences } from "./presences.ts";
import { type RoomKeys, roomKeys, systemRandom } from "./room.ts";
import type { Sealing } from "./sealing.ts";
import { createSentLog } from "./sent-log.ts";
import { createSession } from "./session.ts";

interface Device {
  presences: Presences;
  names: PeerId[];
  /** From whom it has heard a status, and who else is listed. */
  heard: Set<PeerId>;
  beyond: readonly PeerId[];
}

/** Generous, for the machine may be shared. */
const WAIT = 20_000;
const COMMITTEE = "ab".repeat(32);
const now = (): number => performance.now();
const ignore = (): void => undefined;

async function place(): Promise<{ server: string; network: Network }> {
  vi.stubGlobal("WebSocket", WebSocket);
  const { url, close } = await host();
  onTestFinished(close);
  return { server: url, network: createNetwork({ clock: systemClock, latencyMs: 1 }) };
}

/** A device whose model is in this epoch and has this weight; it follows whoever says anything. */
async function arrive({ server, network }: { server: string; network: Network }, standing: { epoch: number; weight: number; cut?: Cut }, passes: readonly IssuedPass[] = []): Promise<Device> {
  const place = { secret: "A".repeat(43), server, iceServers: [], relayOnly: false };
  const names: PeerId[] = [];
  const device: Omit<Device, "presences"> = { names, heard: new Set(), beyond: [] };
  const presences = createPresences({
    options: { slot: 0, room: place },
    room: roomKeys(place, "task"),
    keys: { passes, keep: () => undefined },
    rtc: network.host(`${standing.weight}`.padStart(32, "0") as PeerId),
    now,
    standing: () => ({ cut: null, ...standing }),
    sent: createSentLog(now),
    events: {
      onChange: () => undefined,
      onEntered: (self) => void names.push(self),
      onSlow: () => undefined,
      onReachable: (_, __, beyond) => void (device.beyond = beyond),
      onMessage: (from) => void device.heard.add(from),
      onOutdated: () => undefined,
      onTampered: () => undefined,
      onCommittee: () => undefined,
      onReceipt: () => undefined,
      leads: () => true,
    },
  });
  const clock = setInterval(() => presences.tick(), 50);
  onTestFinished(() => {
    clearInterval(clock);
    presences.close();
  });
  await vi.waitFor(() => expect(presences.current).not.toBe(null), { timeout: WAIT });
  return Object.assign(device, { presences });
}

const reachable = ({ presences }: Device): PeerId[] => presences.current?.mesh().reachable ?? [];

function passOf(room: RoomKeys, issuer: Issuer, epoch: number): IssuedPass {
  return { credential: roomCredential({ ...room, issuer }, epoch, systemRandom), P: issuer.P, committee: COMMITTEE };
}

test("of two that are let into one epoch by different issuers the lighter goes over to the heavier", async () => {
  const here = await place();
  const room = roomKeys({ secret: "A".repeat(43), server: here.server, iceServers: [], relayOnly: false }, "task");
  const heavy = await arrive(here, { epoch: 1, weight: 100 });
  const light = await arrive(here, { epoch: 1, weight: 50 }, [passOf(room, createIssuer(systemRandom), 2)]);
  await vi.waitFor(() => expect(reachable(light)).toEqual([heavy.presences.current!.self]), { timeout: WAIT });
  light.presences.enter(2, COMMITTEE);
  heavy.presences.enter(2, null);
  expect(light.names.length).toBe(2);
  await vi.waitFor(() => expect(reachable(light)).toEqual([heavy.presences.current!.self]), { timeout: WAIT });
  expect([light.names.length, light.presences.current!.epoch]).toEqual([3, 2]);
  expect(reachable(heavy), "it left its other name").toEqual([light.presences.current!.self]);
});

test("whoever ran ahead comes down to heavier ones in an epoch before", async () => {
  const here = await place();
  const heavy = await arrive(here, { epoch: 1, weight: 100 });
  const light = await arrive(here, { epoch: 1, weight: 50 });
  await vi.waitFor(() => expect(reachable(light)).toEqual([heavy.presences.current!.self]), { timeout: WAIT });
  light.presences.enter(3, null);
  await vi.waitFor(() => expect(reachable(light)).toEqual([heavy.presences.current!.self]), { timeout: WAIT });
  expect(light.presences.current!.epoch).toBe(1);
});

test("whoever comes to those inside with a model of a later epoch stays with them", async () => {
  const here = await place();
  const heavy = await arrive(here, { epoch: 1, weight: 100 });
  const options = { slot: 0, room: { secret: "A".repeat(43), server: here.server, iceServers: [], relayOnly: false } };
  const task = taskHash({ name: "a task" });
  const first = genesisHead(task, new Int32Array(8));
  const record = { ...first.record, round: 13, weight: 50 };
  const names = new Set<PeerId>();
  const session = createSession({
    options,
    room: roomKeys(options.room, "task"),
    keys: { passes: [], keep: ignore },
    kept: record,
    epochRounds: 4,
    rtc: here.network.host("50".padStart(32, "0") as PeerId),
    library: { entered: ({ self }) => void names.add(self), left: ignore, reachable: ignore, receive: ignore },
    sent: createSentLog(now),
    training: () => null,
    now,
    events: { onChange: ignore, onBatch: ignore, onCommitted: ignore, onAdopted: ignore, onDeparted: ignore, onAccused: ignore, onProblem: ignore, onTampered: ignore, onReceipt: ignore },
  });
  onTestFinished(() => session.close());
  const kernels = createKernels();
  const sealing: Sealing = { seal: async () => null, answer: () => null, open: async () => null, reveal: () => null, reseal: () => Promise.reject(new Error("nobody is audited here")), erase: ignore };
  session.begin({ task, bits: 8, seed: 1, epochRounds: 4, groupSize: 8, roomGroups: 20, nodeGroups: 8, speakers: 24, cohortNodes: 8, labels: 0, privacy: null, compressor: null, kernels }, { ...first, record, root: rootOf(record) }, { sealing, labelCounts: [], carry: emptyCarry(0) });
  await vi.waitFor(() => expect(session.state !== null && session.mesh().reachable).toEqual([heavy.presences.current!.self]), { timeout: WAIT });
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  // It looks for its own epoch once, in which nobody is.
  expect(names.size).toBeLessThanOrEqual(2);
  // Who went to look comes back under another name, and the old one is there for a while.
  await vi.waitFor(() => expect(session.mesh().reachable).toEqual([heavy.presences.current!.self]), { timeout: WAIT });
});

test("in a room that is cut a newcomer is told so at the door, has its own arc in view, and can send to those of the other", async () => {
  const here = await place();
  const cut: Cut = { draw: "5a".repeat(32), arcs: 2 };
  const inside = await Promise.all(Array.from({ length: 7 }, (_, index) => arrive(here, { epoch: 1, weight: 100 + index, cut })));
  const newcomer = await arrive(here, { epoch: 0, weight: 0 });
  const all = [...inside, newcomer];
  const names = all.map(({ presences }) => presences.current!.self);
  const arcOf = arcIn(cut);
  for (const device of all) {
    const self = device.presences.current!.self;
    const own = names.filter((name) => name !== self && arcOf(name) === arcOf(self));
    await vi.waitFor(() => expect(reachable(device)).toEqual(expect.arrayContaining(own)), { timeout: WAIT });
    await vi.waitFor(() => expect(device.beyond).toEqual(names.filter((name) => arcOf(name) !== arcOf(self)).sort()), { timeout: WAIT });
  }

  const { self, send } = newcomer.presences.current!;
  for (const peer of newcomer.beyond) await send(peer, Uint8Array.of(1), new AbortController().signal, "status");
  const others = all.filter(({ presences }) => newcomer.beyond.includes(presences.current!.self));
  await vi.waitFor(() => expect(others.filter(({ heard }) => heard.has(self))).toEqual(others), { timeout: WAIT });
});
