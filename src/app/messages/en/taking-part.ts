import { plurals } from "../plural.ts";

const counted = plurals("en");

/** While the device is in a room. */
export const takingPart = {
  status: {
    heading: "Taking part",
    starting: "Starting this device…",
    idle: "Not taking part.",
    loading: "Loading the model, the digits and the engine…",
    joining: "Joining: looking for the others and fetching their model.",
    resting: "Following the model: others were drawn for these rounds.",
    alone: "Nobody else is here yet: training for itself; nothing is sent.",
    training: (others: number) => `Training with ${counted(others, { one: "other device", other: "other devices" })}.`,
    trainingNobody: "Training; the others are being reached.",
    paused: "Paused. Links stay open; nothing is trained.",
    held: {
      battery: "Paused: on battery. Links stay open.",
      metered: "Paused: on a metered link. Links stay open.",
      background: "Paused: the page is hidden. Links stay open.",
    },
    goOn: "Go on all the same",
    share: (share: string) => `The engine works ${share} of the time.`,
    eased: {
      slower: (times: string) => `Steps take ${times} times as long as at their best: half speed for now (an estimate of heat).`,
      "low-battery": "The battery runs low: half speed for now.",
    },
    limits: "Limits of this device",
    failed: "This device had to stop.",
    breakpoint: "Stopped dead at the test’s breakpoint.",
    done: (round: number, accuracy: string) => `Round ${round} done, accuracy ${accuracy}.`,
    left: (peer: string) => `Device ${peer} left.`,
    signal: {
      connecting: "Room server: connecting",
      open: "Room server: connected",
      down: "Room server: out of reach; links go on without it",
      outdated: "Room server: speaks another version",
    },
    turnDown: "Others may be here, but the TURN server gave no way to them. Check its address, name and password in the link’s settings, or ask whoever runs it.",
    slow: "This device sends slowly. Its work counts as ever; other devices pass on what it would.",
    pause: "Pause",
    resume: "Resume",
    leave: "Leave",
  },
  round: {
    heading: (round: number) => `Round ${round}`,
    waiting: "Waiting for a round",
    left: (time: string) => `about ${time} left`,
    soon: "any moment now",
    stages: "Stages of the round",
    progress: (stage: string, percent: string) => `${stage}, ${percent}`,
    step: (step: number, steps: number) => `step ${step} of ${steps}`,
    speed: (samples: string) => `${samples} samples/s`,
  },
  /** Short, since seven stand side by side. */
  phase: {
    "join-cutoff": "Gather",
    train: "Train",
    ready: "Ready",
    send: "Send",
    open: "Receive",
    reduce: "Add up",
    commit: "Commit",
  },
  phaseHint: {
    "join-cutoff": "agreeing on who is in this round",
    train: "learning from this device’s own data",
    ready: "waiting until everybody has trained",
    send: "sending the update to the others",
    open: "checking the updates that came",
    reduce: "adding all updates up",
    commit: "agreeing on the new model",
  },
};
