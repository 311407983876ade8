import { compare, type Bench } from "./harness.ts";
import { signalLoad } from "./signal-load.ts";

/** What a phone-sized server has to spare for signalling, in bytes a socket: 10,000 devices in 640 MB. */
const BUDGET = 64 * 1024;
/** Who are there at once, in one room or in many. */
const TOGETHER = 1_000;

export const signal: Bench = {
  name: "signal",
  about: "2,000 devices in rooms of 8 at one signalling server: memory a socket, blobs relayed; 1,000 in one room",
  async run(say) {
    say("2,000 sockets on loopback …");
    const load = await signalLoad(2_000, 8);
    if (load.lost > 0) throw new Error(`${load.lost} blobs were lost`);
    say("1,000 in one room …");
    const many = await signalLoad(TOGETHER, TOGETHER, 0);
    const few = await signalLoad(TOGETHER, 8, 0);
    return [
      compare({ what: "server memory a socket", ours: load.bytesPerSocket, unit: "bytes", against: "budget of 64 KiB", theirs: BUDGET, goal: 1, lessIsBetter: true }),
      compare({ what: "2 KiB blobs relayed", ours: load.relayedPerSecond, unit: "a second", against: "–", theirs: null, goal: null, why: "all clients share one process on the same cores: a lower bound" }),
      compare({ what: "until 1,000 in one room see each other", ours: many.connectedMs, unit: "ms", against: "1,000 in rooms of 8", theirs: few.connectedMs, goal: null, lessIsBetter: true }),
    ];
  },
};
