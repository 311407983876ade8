/** Of the simulated room, where the command's options do not say. Times in microseconds. */
export const SETTING = {
  bits: 4,
  stepExponent: 12,
  groupSize: 8,
  /** How long local steps take, drawn between the two for each device; and how much that differs from round to round. */
  training: [2_000_000, 5_000_000],
  trainingJitter: [0.9, 1.1],
  /** Encrypting, answering or opening. */
  crypto: [2_000, 20_000],
  /** A device begins within so long. */
  tick: 200_000,
  /** From being told of at the server to links: offer, answer, a channel. */
  linking: [150_000, 600_000],
  /** Changes of who can be reached are told together, as the mesh does. */
  settling: 20_000,
  /** After so long in an epoch a device is introduced to some of the other nodes again. */
  introducedAfter: 3_000_000,
  /** A device that is an epoch behind looks at the door after this long. */
  doorAfter: 6_000_000,
  doorEvery: 1_000_000,
  /** Taken for a round's length until some were measured. */
  firstRound: 8_000_000,
  /** A round over its training and two deadlines of 5 s is a stall. */
  stallAfter: 5_500_000 + 2 * 5_000_000,
  /** In a room larger than a round: the overlay's sense of time; how long a dead link seems to live (mesh/silence.ts); and those who rest link up within so long at the beginning. */
  overlayTick: 1_000_000,
  silence: 4_000_000,
  entering: [0, 5_000_000],
  progressEvery: 1_000_000,
} as const;

/** Kinds of events on the timeline; part of the trace. */
export const KIND = { tick: 1, message: 2, probe: 3, detect: 4, trained: 5, computed: 6, linked: 7, settled: 8, depart: 9, doors: 10, overlay: 11, overlayTick: 12 } as const;
