/** Every bound of the round protocol. Times in milliseconds. */
export const LIMITS = {
  /** A device says where it stands at once when that changes, again after so long, and as long as nothing does each time after twice as long, up to this. */
  statusEvery: 2_000,
  statusAtMost: 8_000,
  /** The same of what several groups hear of it, and how often what they heard is handed on again. */
  standEvery: 10_000,
  /** What other groups say is told to the own one after so long, with what comes meanwhile. */
  tellAfter: 50,
  /** Whoever rests in this epoch hears of a commit once it can be shown, or after so long; so many are told at most by one device. */
  leadAfter: 3_000,
  followers: 8,
  /** So many hand their group's words on. The first waits so long for a quorum of it, and the next for so much longer. */
  carriers: 2,
  handOnAfter: 300,
  handOnStep: 300,
  /** Whoever waits for other groups for so long asks somebody for their words, each time another. */
  askWords: 4_000,
  /** For so long a group with frozen members is held to be at its round before it has said so. */
  hostAfter: 3_000,
  /** Words in a message, their signers, and the hashes that they name; and new words of one device that are heard in `statusEvery`: more than an honest one has. */
  words: 32,
  signers: 64,
  hashes: 128,
  wordsAtMost: 32,
  /** Founding: how long the set of peers has to be quiet, and how long at most to wait for it. */
  foundingQuiet: 1_500,
  foundingAtMost: 10_000,
  /** The same for fewer than most of those who ended the last epoch together. */
  foundingApart: 30_000,
  /** How long those who have begun a round wait for the others of their view to begin it: the last one may still end there. */
  beginAtMost: 20_000,
  /** Once a quorum is ready, the others get this long at least … */
  readyAtLeast: 3_000,
  /** … and until median + this many MADs of the arrivals, MAD counted as a quarter of the median or more. */
  readyMads: 4,
  /** Bound on training a round, whatever the others do. */
  trainAtMost: 180_000,
  /** Bound on each of send, open, reduce and commit, and the slowest link that it is made for (bytes a second). */
  exchangeAtMost: 10_000,
  slowestLink: 32_000,
  /** What several groups add up stays as it is for so long, while most may come to say the same. */
  cutAtLeast: 600,
  /** Fewer contributors than this could refuse a model only if all of them did. */
  refusersAtLeast: 4,
  /** Bounds on judging a model before the vote, which is given a twentieth of the round, and on waiting for others to refuse it too. */
  judgeAtLeast: 500,
  judgeAtMost: 3_000,
  refuseAtMost: 5_000,
  /** With audits: one device of so many is drawn; how long it has for showing its update, besides the time that sending takes. */
  auditOneOf: 20,
  revealAtMost: 30_000,
  /** Who trains it again where the data are everybody's, and how long that may take; audits that are under way at once. */
  verifiers: 2,
  rerunAtMost: 60_000,
  audits: 32,
  /** Then no update is longer than so many times the usual, once this many rounds have shown what is usual. */
  norm: 1.5,
  normFrom: 6,
  /** How long those who have everything wait for the ones who have not, before they sign or open without them. */
  openAtLeast: 3_000,
  /** A piece that has not come is asked for again after this long. */
  askAgain: 1_500,
  /** The same of chunks of other groups' sums, which are small and wait for many; the first two times after half as long. */
  askChunk: 500,
  /** Below the quorum of the frozen list, survivors wait two deadlines before they open a new lineage. */
  reformAfter: 2 * 5_000,
  /** How long a device may trail a heavier lineage before it drops its round and catches up. */
  catchUpGrace: 1_500,
  /** How long nothing may come of a fetch before it is given up for another, or what few claim is doubted. */
  idleFetch: 10_000,
  /** How long to wait for a second peer to confirm a lineage. */
  agreeAtMost: 5_000,
  /** Devices of a group, and those that it may have in the next round: its joiners make new groups. */
  members: 15,
  next: 30,
  /** Nodes of a round, a power of two, as is the number of arcs of which they are some; and devices that may speak for a node. */
  nodes: 32,
  arcs: 2 ** 20,
  speakers: 24,
  /** How often a speaker says anew how many of its node voted, and how long it waits for most of them. */
  countEvery: 500,
  countAtMost: 3_000,
  /** Groups of a node; then its devices, and the fewest whose sum others may see. */
  groups: 20,
  devices: 160,
  groupAtLeast: 3,
  /** A group's sum goes to the other groups in so many chunks, each by another of its devices; and at most so many of a group each keep one. */
  chunks: 8,
  witnesses: 3,
  /** Of chunks and their sums whose part or cut is not known yet, so many are kept at most. */
  unplaced: 128,
  /** One piece of a model on its way to a joiner, in bytes; a multiple of 4. */
  modelPiece: 256 * 1024,
  /** Pieces asked of one donor at a time. */
  pieceWindow: 8,
  /** Donors that a joiner draws from at the same time. */
  donors: 8,
  /** Control messages are small; bulk ones are at most one model piece or one parcel of an update. */
  controlBytes: 16 * 1024,
  bulkBytes: 128 * 1024 * 1024,
  /** Messages of one peer kept for a view that this device has not reached yet. */
  earlyMessages: 4,
  /** Commitments of lost attempts that are remembered. */
  spent: 64,
  /** Transitions in one step: more than any round has. A step always returns. */
  transitions: 100,
} as const;
