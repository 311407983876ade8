import { createSession, type Session } from "../src/device/session.ts";
import { roomKeys } from "../src/device/room.ts";
import type { Room } from "../src/device/api.ts";
import { createSentLog } from "../src/device/sent-log.ts";
import type { Training } from "../src/device/training.ts";
import type { RtcHost } from "../src/mesh/rtc.ts";
import { createRealSums } from "../src/sim/simulate/sums/real.ts";
import { listed, rootOf, taskHash } from "../src/swarm/record.ts";
import { enrolled } from "../src/swarm/roll.ts";
import { genesisHead, type Head } from "../src/swarm/state.ts";
import { groupsFor, type Sizes } from "../src/swarm/tier/groups.ts";
import { emptyCarry } from "../src/update/compression/carry.ts";
import { createCompressor } from "../src/update/compression/compression.ts";
import type { PeerId } from "../src/wire/ids.ts";
import { createRandom } from "../src/wire/random.ts";

/** A model of so many values: what it takes to train one is no part of this. */
const VALUES = 4_096;
/** Values of an update, each in so many bits; the quantisation step's exponent. */
const [BITS, STEP_EXPONENT] = [8, 6];
const LOSSES = 8;

export interface RoomSetting extends Sizes {
  epochRounds: number;
  /** The room was at work, with so many devices in so many nodes, and its epoch has just ended. */
  devices: number;
  nodes: number;
  speakers: number;
  /** Milliseconds that local steps take, on average. */
  training: number;
}

/** An epoch's last commit, of devices whose names were of that epoch and are nobody's now. */
function endOfEpoch(genesis: Head, { epochRounds, devices, nodes, groupSize }: RoomSetting): Head {
  const listOf = (node: number): PeerId[] => Array.from({ length: Math.round(devices / nodes) }, (_, index) => `${node}${index + 1}`.padStart(32, "0") as PeerId);
  const rows = Array.from({ length: nodes }, (_, node) => ({ contributors: listed(listOf(node)), members: listed([]), groups: 1, speakers: [] }));
  const roll = { contributors: listOf(0), members: [], node: 0, rows };
  const record = { ...genesis.record, round: epochRounds, weight: devices, prev: genesis.root, nodes, arcs: nodes, groups: groupsFor(Math.round(devices / nodes), groupSize), ...enrolled(roll) };
  return { ...genesis, record, root: rootOf(record), roll };
}

/** What is told of a commit. */
export interface Committed {
  round: number;
  root: string;
  contributors: number;
  nodes: number;
}

const ignore = (): void => undefined;

/**
 * A device's own code from the session down: names, committee, channels, mesh, rounds and secure sums. What it has no
 * part in here: a page, a model that learns, a library, and WebRTC.
 */
export function startDevice(number: number, place: Room, rtc: RtcHost, setting: RoomSetting, onCommitted: (commit: Committed) => void, onProblem: (error: unknown) => void): Session {
  const { epochRounds, speakers, training: takes, devices: _, nodes: __, ...sizes } = setting;
  const task = taskHash({ name: "bench room" });
  const random = createRandom(["bench room", number]);
  const sums = createRealSums(random);
  const compressor = createCompressor({ compression: { kind: "dense" }, bits: BITS, stepExponent: STEP_EXPONENT, seed: [task] }, [[VALUES]]);
  const first = endOfEpoch(genesisHead(task, new Int32Array(VALUES), { compressor }), setting);
  let stop = ignore;
  const training: Training = {
    round: (start) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve({ delta: Float32Array.from(start, () => (random.uniform() - 0.5) / 10), steps: 1, samples: 10, loss: 1, accuracy: 0.5 }), takes * (0.7 + 0.6 * random.uniform()));
        stop = () => {
          clearTimeout(timer);
          resolve(null);
        };
      }),
    again: async () => null,
    stop: () => stop(),
    losses: async () => new Float64Array(LOSSES).fill(1),
    evaluate: () => Promise.reject(new Error("nothing is scored here")),
    predict: () => Promise.reject(new Error("nothing is asked here")),
    saveState: async () => null,
    goOn: ignore,
  };
  const now = (): number => performance.timeOrigin + performance.now();
  const session = createSession({
    options: { slot: 0, room: place },
    room: roomKeys(place, task),
    keys: { passes: [], keep: ignore },
    kept: first.record,
    epochRounds,
    rtc,
    library: { entered: ignore, left: ignore, reachable: ignore, receive: ignore },
    sent: createSentLog(now),
    training: () => training,
    now,
    events: {
      onChange: ignore,
      onBatch: ignore,
      onCommitted({ head: { root, record } }) {
        onCommitted({ round: record.round, root, contributors: record.contributors.count, nodes: record.nodes });
      },
      onAdopted: ignore,
      onDeparted: ignore,
      onAccused: ({ peer }) => onProblem(new Error(`${peer} is accused`)),
      onProblem,
      onTampered: (peer) => onProblem(new Error(`${peer} was tampered with`)),
      onReceipt: ignore,
    },
  });
  session.begin({ task, bits: BITS, seed: 1, epochRounds, speakers, labels: 0, privacy: null, compressor, kernels: sums.kernels, ...sizes }, first, {
    sealing: {
      seal: async (ask) => ({ type: "sealed", attempt: ask.attempt, ...sums.seal(number, ask) }),
      answer: (ask) => ({ type: "answered", attempt: ask.attempt, ...sums.answer(number, ask.challenge, 0) }),
      open: async (ask) => ({ type: "opened", attempt: ask.attempt, ...sums.open(ask) }),
      reveal: () => null,
      reseal: () => Promise.reject(new Error("nobody is audited here")),
      erase: () => sums.erase(number),
    },
    labelCounts: [],
    carry: emptyCarry(VALUES),
  });
  return session;
}
