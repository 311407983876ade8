import { fork, type ChildProcess } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import type { Room } from "../src/device/api.ts";
import { host } from "../src/signal/signal.fixture.ts";
import { compare, median, type Bench, type Row } from "./harness.ts";
import type { Committed, RoomSetting } from "./room-device.ts";
import type { FromWorker, Look, ToWorker } from "./room-worker.ts";

interface Run {
  setting: RoomSetting;
  /** Milliseconds between two who come, and how long all is watched. */
  coming: number;
  watched: number;
}

/** Small nodes, for two cores do the arithmetic of all; and as many as come in ten seconds to a room of one. */
const IN_NODES: Run = { setting: { devices: 20, nodes: 4, epochRounds: 5, training: 5_000, groupSize: 4, roomGroups: 3, nodeGroups: 2, speakers: 5, cohortNodes: 8 }, coming: 300, watched: 100_000 };
const AT_ONCE: Run = { setting: { devices: 48, nodes: 1, epochRounds: 5, training: 5_000, groupSize: 8, roomGroups: 20, nodeGroups: 8, speakers: 24, cohortNodes: 8 }, coming: 200, watched: 200_000 };
/** For so long at its end upload is counted. */
const COUNTED = 40_000;
const LOOK = 2_000;

interface Watched {
  /** By round and root. */
  commits: Map<number, Map<string, Committed>>;
  /** Of each device, at the end. */
  looks: Look[];
  /** Bytes, and milliseconds of a processor, a second and device, at the end. */
  upload: number;
  busy: number;
  problems: Set<string>;
}

/** A room of real sessions, some in each of several processes, as many as there are cores. */
async function watch({ setting, coming, watched: long }: Run, say: (line: string) => void): Promise<Watched> {
  const { devices } = setting;
  const server = await host({ peersPerRoom: 2 * devices });
  const place: Room = { secret: "A".repeat(43), server: server.url, iceServers: [], relayOnly: false };
  const watched: Watched = { commits: new Map(), looks: [], upload: 0, busy: 0, problems: new Set() };
  const workers = Array.from({ length: cpus().length }, () => fork(fileURLToPath(new URL("room-worker.ts", import.meta.url)), [], { execArgv: ["--import", "tsx"], env: { ...process.env, NODE_NO_WARNINGS: "1" } }));
  const order = (worker: ChildProcess, message: ToWorker): void => void worker.send(message);
  let looking: Look[] = [];
  for (const worker of workers) {
    worker.on("message", (message: FromWorker) => {
      if (message.type === "looks") looking.push(...message.looks);
      else if (message.type === "problem") watched.problems.add(message.message);
      else {
        const { commit } = message;
        const roots = watched.commits.get(commit.round) ?? new Map<string, Committed>();
        watched.commits.set(commit.round, roots.set(commit.root, commit));
      }
    });
    order(worker, { type: "begin", place, setting });
  }
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  async function look(): Promise<Look[]> {
    looking = [];
    for (const worker of workers) order(worker, { type: "look" });
    await pause(LOOK);
    return looking;
  }

  try {
    for (let device = 0; device < devices; device++) {
      order(workers[device % workers.length]!, { type: "add", device });
      await pause(coming);
    }
    say(`${devices} devices have come …`);
    await pause(long - devices * coming - COUNTED);
    const before = new Map((await look()).map((seen) => [seen.device, seen]));
    await pause(COUNTED - LOOK);
    watched.looks = await look();
    const rate = (what: "up" | "busy"): number => median(watched.looks.map((seen) => (1000 * (seen[what] - (before.get(seen.device)?.[what] ?? 0))) / COUNTED));
    watched.upload = rate("up");
    watched.busy = rate("busy");
    return watched;
  } finally {
    for (const worker of workers) worker.kill();
    await server.close();
  }
}

function rows({ commits, looks, upload, busy }: Watched, { devices, nodes: begun }: RoomSetting): Row[] {
  const rounds = [...commits].sort(([a], [b]) => a - b).map(([, roots]) => [...roots.values()]);
  // The last one may not have come to everybody yet.
  const settled = rounds.slice(0, -1).filter((roots) => begun === 1 || roots.some(({ nodes }) => nodes > 1));
  if (settled.length < 3) throw new Error(`${settled.length} rounds, where three are needed`);
  const counted = settled.map((roots) => Math.max(...roots.map(({ contributors }) => contributors)));
  const what = begun === 1 ? `${devices} sessions that come within 10 s` : `${devices} sessions in ${settled.at(-1)![0]!.nodes} nodes`;
  return [
    compare({ what: `${what}: counted in a round`, ours: median(counted), unit: "devices", against: "all of the room", theirs: devices, goal: null }),
    compare({ what: `${what}: roots of a round at most`, ours: Math.max(...settled.map((roots) => roots.length)), unit: "roots", against: "one root", theirs: 1, goal: 1, lessIsBetter: true }),
    compare({ what: `${what}: others that a device has in view`, ours: median(looks.map(({ reachable }) => reachable)), unit: "devices", against: "all of the room", theirs: devices - 1, goal: null, lessIsBetter: true }),
    compare({ what: `${what}: upload`, ours: upload / 1000, unit: "kB/s", against: "a link of 256 kbit/s", theirs: 32, goal: null, lessIsBetter: true }),
    compare({ what: `${what}: processor`, ours: busy / 10, unit: "%", against: "a processor", theirs: 100, goal: null, lessIsBetter: true }),
  ];
}

export const room: Bench = {
  name: "room",
  about: "devices' sessions in several processes, over TCP in place of WebRTC, in a room that is cut into nodes and in one of one",
  async run(say) {
    const all: Row[] = [];
    for (const run of [IN_NODES, AT_ONCE]) {
      const watched = await watch(run, say);
      watched.problems.forEach(say);
      all.push(...rows(watched, run.setting));
    }
    return all;
  },
};
