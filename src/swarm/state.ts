import { createOuter } from "../learn/outer-optimiser.ts";
import type { TaskManifest } from "../learn/task.ts";
import type { Field } from "../update/privacy/field.ts";
import type { PeerId } from "../wire/ids.ts";
import { emptyCarry, type Carry } from "../update/compression/carry.ts";
import type { Compressor } from "../update/compression/compression.ts";
import { modelHash, NOTHING_SHARED, type Model } from "./head.ts";
import { genesisRecord, rootOf, type Hash } from "./record.ts";
import { EMPTY_ROLL, type Commit } from "./roll.ts";
import type { Bulk, Count, Stand, Status, Word } from "./message.ts";
import type { Phase } from "./phase.ts";
import type { Kernels } from "../securesum/kernel.ts";
import type { Attempt } from "./attempt.ts";
import type { Audit } from "./audit/audit.ts";
import type { How } from "./audit/lot.ts";
import type { ClaimsKnown } from "./claims.ts";
import type { NodePart, NamedOutcome } from "./tier/node.ts";
import type { Tier } from "./tier/tier.ts";
import type { Change } from "./verdict.ts";

/** What the core has to know of a task's privacy; the noise itself is added where updates are encrypted. */
export interface Privacy {
  /** Length that an update is cut to, in model units. */
  clip: number;
  /** Contributors, at least, that are honest: a sum is made where a third of its devices may lie and so many are left. */
  honest: number;
  /** Of a sum with its noise. */
  field: Field;
}

export interface SwarmConfig {
  self: PeerId;
  task: Hash;
  /** Bits of one value of an update. */
  bits: number;
  /** The task's seed. */
  seed: number;
  /** What the mean of the updates does to the model; absent: it is added. */
  outer?: TaskManifest["outer"];
  /** Rounds of an epoch. */
  epochRounds: number;
  /** Devices of a group, at least; twice as many make two. */
  groupSize: number;
  /** Groups of a room that is one node yet, at most; of a node, on average, at most; devices that speak for one; and nodes that are in a round. */
  roomGroups: number;
  nodeGroups: number;
  speakers: number;
  cohortNodes: number;
  /** Labels of the task, whose counts are summed too; 0 where it has none. */
  labels: number;
  /** Differential privacy of the updates, the same on every device; null: off, and sums are as exact as values are. */
  privacy: Privacy | null;
  /** Makes updates small, and a sum of them a change of the model; null with privacy, where an update goes whole. */
  compressor: Compressor | null;
  /** Whether devices show their group what they gave (audit/): one of so many; never with privacy. */
  audits?: AuditSetting;
  /** Arithmetic of the secure sum. */
  kernels: Kernels;
}

export interface AuditSetting {
  oneOf: number;
  /** Most local steps of a round, where updates are trained again as well; null: they are not. */
  steps: number | null;
}

/** The last commit of a lineage, with the model that its record names. */
export interface Head extends Model, Commit {}

/** What the participants of a round add up besides their updates; whole numbers of at most 2^40. */
export interface Counters {
  samples: number;
  /** Σ over samples of the training loss, in thousandths of a nat. */
  loss: number;
  correct: number;
  /** Samples of each label. */
  labels: readonly number[];
}

export interface LocalUpdate {
  values: Int8Array<ArrayBuffer>;
  counters: Counters;
  /** What others need to train it again, where they may have to. */
  how?: How;
  /** This device's carry, once the update is committed. */
  carry: Carry;
}

/** What a round comes to, if it is voted for. */
export interface Candidate {
  head: Head;
  /** What it comes to where that model is refused. */
  refusal: Head;
  counters: Counters;
  /** When it was known. */
  since: number;
  /** What it does to the loss on held-out samples, and whether this device refuses it; null until it is judged. */
  verdict: { change: Change | null; refuses: boolean } | null;
}

/** One round as this device lives it; made anew at every commit. */
export interface Round {
  startedAt: number;
  /** When its view was formed: the pace of the others is measured from here. */
  formedAt: number;
  phase: Phase;
  phaseSince: number;
  /** With whom this device means to finish, itself included, ascending; empty while it waits. Only shrinks. */
  view: readonly PeerId[];
  /** Length of the frozen list that the view came from: the quorum is of these. 1 where a view was founded. */
  base: number;
  /** Whether it fell out of a view: it then waits for the round's end as a joiner does. */
  withdrawn: boolean;
  /** Since when too few are left for a quorum. */
  heldSince: number | null;
  trainingAsked: boolean;
  update: LocalUpdate | null;
  /** When each member was first seen ready. */
  readyAt: ReadonlyMap<PeerId, number>;
  /** At the sum among the view, from SEND on. */
  attempt: Attempt | null;
  /** The last one in which this device proposed a U: if another signed it, it is signed here too, whoever left. */
  kept: Attempt | null;
  /** The U that this device signed. Never another in this round with the same update. */
  signed: Hash | null;
  /** How often the update had to be dropped because its U was signed and could not be opened. */
  lost: number;
  /** Commitments of attempts that were lost: what still names them is old. */
  spent: readonly Hash[];
  /** Bulk messages for a view that others reached first. */
  early: readonly { from: PeerId; message: Bulk }[];
  /** Whom this device would have in the next round, stated in OPEN; and whom all of the view would. */
  next: readonly PeerId[];
  agreed: readonly PeerId[];
  /** The same of the committee that issues pseudonyms. */
  issuer: Hash | null;
  agreedIssuer: Hash | null;
  /** At the sum among several groups, once the own group's is open. */
  tier: Tier | null;
  /** At the sum among several nodes, once the own node's is known; and what it comes to, as this device or those who speak for it know. */
  upper: Tier<NodePart> | null;
  outcome: NamedOutcome | null;
  outcomeAskedAt: number;
  /** Outcomes that came before enough of those who speak for the node had stated theirs, by who gave them. */
  outcomes: ReadonlyMap<PeerId, NamedOutcome>;
  /** Chunks and sums of them that came before their part or cut was known, by who gave which. */
  unplaced: ReadonlyMap<string, { from: PeerId; message: Bulk }>;
  /** Chunks of the outcome that others of the group asked of this device, by its hash and number. */
  wanted: ReadonlyMap<string, readonly PeerId[]>;
  /** What it last said of its node's votes. */
  counted: { votes: readonly Count[]; at: number };
  candidate: Candidate | null;
  /** Every root voted for in this round: a vote is never taken back. */
  votes: readonly Hash[];
  askedAt: number;
  /** When it last asked for others' words. */
  wordsAt: number;
  retries: number;
}

/** Fetching a heavier lineage's head. */
export interface Sync {
  root: Hash;
  weight: number;
  /** Only so few claim it as may lie: the own round goes on, and what comes is judged first. */
  doubtful: boolean;
  /** When something last came of it. */
  since: number;
  commit: Commit | null;
  commitAskedAt: number | null;
  pieces: readonly (Uint8Array | null)[];
  /** Piece → who was asked for it, and when. */
  asked: ReadonlyMap<number, { donor: PeerId; at: number }>;
  /** Who gave a piece so far. */
  givers: readonly PeerId[];
  /** Set after the whole did not match its hash: everything from this one, so that a liar is found out. */
  only: PeerId | null;
  cleared: readonly PeerId[];
  /** All of it, waiting to be judged. */
  head: Head | null;
}

/** What this device last said of itself, when, under which number, to how many, and how often it has said it again. */
export interface Announced {
  what: Said | null;
  seq: number;
  at: number;
  peers: number;
  times: number;
}

export type Said = Omit<Status, "seq"> | Word;

/** A round's sum among several nodes. */
export interface Past {
  /** Head that it built on. */
  root: Hash;
  /** Who spoke for this node, and who was heard to speak for the others. */
  voters: readonly PeerId[];
  heard: readonly PeerId[];
  outcome: NamedOutcome;
  totals: Tier["totals"];
}

/** What a device last said to all groups, since when its new words are counted, and how many there were. */
export interface Heard extends Stand {
  since: number;
  times: number;
}

/** What of its group's words this device has not handed on yet, and since when. */
export interface Unhanded {
  of: readonly PeerId[];
  since: number;
  /** When it last handed on all of them, new or not. */
  renewedAt: number;
}

/** A head, as others name it. */
export interface Place {
  root: Hash;
  weight: number;
  round: number;
}

export const UNSAID: Announced = { what: null, seq: -1, at: -Infinity, peers: 0, times: 0 };

export interface SwarmState {
  config: SwarmConfig;
  now: number;
  /** When something is due that no event brings about (due.ts); until then a tick changes nothing. */
  wakeAt: number;
  head: Head;
  previous: Head | null;
  /** What this device's committed updates have left unsaid. */
  carry: Carry;
  /** By how much the last rounds changed the loss on held-out samples, as far as this device judged them. */
  changes: readonly number[];
  taking: boolean;
  /** Whether what this device sends leaves slowly. */
  slow: boolean;
  /** The committee that this device has seen formed as it should be, in this epoch. */
  issuer: Hash | null;
  seq: number;
  /** Attempts so far: names each to whoever performs its effects. */
  attempts: number;
  announced: Announced;
  /** The same of what is said to all where there are several groups. */
  stood: Announced;
  /** That with this device's signature. */
  word: Stand | null;
  /** The same of what is for the other nodes. */
  unhanded: Unhanded;
  unhandedAbove: Unhanded;
  /** The same of what others say, for its own group, and for those who speak for its node. */
  untold: Unhanded;
  untoldAbove: Unhanded;
  /** Of the last round among several nodes that it committed: others may not be as far. */
  past: Past | null;
  /** Can be reached since this device last spoke: they have heard nothing of it. */
  newcomers: readonly PeerId[];
  /** Who rests and was told of this head. */
  led: { root: Hash; peers: readonly PeerId[] };
  /** It ended the epoch, and is about to go on under another name: its last word goes to all, for nobody hands it on. */
  parting: boolean;
  reachable: readonly PeerId[];
  /** Known to be in the room, with no way to them yet. */
  pending: readonly PeerId[];
  reachableSince: number;
  peers: ReadonlyMap<PeerId, Status>;
  stands: ReadonlyMap<PeerId, Heard>;
  /** On which head each of them said last to stand; the same map as long as nothing of it changes. */
  places: ReadonlyMap<PeerId, Place>;
  /** Of the last rounds, as far as they are not over. */
  audits: readonly Audit[];
  /** Peers that sent what no honest device sends. */
  refused: readonly PeerId[];
  /** Whose group certified a part and gave nobody a chunk of it: in this epoch their parts count no more here. */
  unserved: readonly PeerId[];
  /** Whose heavier lineage was not there, or was the worse one: in this epoch they lead nobody here. */
  doubted: readonly PeerId[];
  round: Round;
  behindSince: number | null;
  sync: Sync | null;
  /** What follows from where they stand, until that changes (claims.ts). */
  claims: ClaimsKnown | null;
}

export const freshRound = (now: number): Round => ({
  startedAt: now,
  formedAt: now,
  phase: "join-cutoff",
  phaseSince: now,
  view: [],
  base: 0,
  withdrawn: false,
  heldSince: null,
  trainingAsked: false,
  update: null,
  readyAt: new Map(),
  attempt: null,
  kept: null,
  signed: null,
  lost: 0,
  spent: [],
  early: [],
  next: [],
  agreed: [],
  issuer: null,
  agreedIssuer: null,
  tier: null,
  upper: null,
  outcome: null,
  outcomeAskedAt: -Infinity,
  outcomes: new Map(),
  unplaced: new Map(),
  wanted: new Map(),
  counted: { votes: [], at: -Infinity },
  candidate: null,
  votes: [],
  askedAt: now,
  wordsAt: now,
  retries: 0,
});

/** By name, for spreading so many fields takes longer than much of a step. */
export const copyOf = ({ config, now, wakeAt, head, previous, carry, changes, taking, slow, issuer, seq, attempts, announced, stood, word, unhanded, unhandedAbove, untold, untoldAbove, past, newcomers, led, parting, reachable, pending, reachableSince, peers, stands, places, audits, refused, unserved, doubted, round, behindSince, sync, claims }: SwarmState): SwarmState => ({ config, now, wakeAt, head, previous, carry, changes, taking, slow, issuer, seq, attempts, announced, stood, word, unhanded, unhandedAbove, untold, untoldAbove, past, newcomers, led, parting, reachable, pending, reachableSince, peers, stands, places, audits, refused, unserved, doubted, round, behindSince, sync, claims });

/** @param stepExponent with privacy, of every round */
export const genesisHead = (task: Hash, params: Int32Array<ArrayBuffer>, { outer, compressor = null, stepExponent = 0 }: Partial<Pick<SwarmConfig, "outer" | "compressor">> & { stepExponent?: number | undefined } = {}): Head => {
  const model = { params, outer: createOuter(outer).initial(params.length), shared: compressor?.initial() ?? NOTHING_SHARED };
  const record = genesisRecord(task, modelHash(model), stepExponent);
  return { record, root: rootOf(record), roll: EMPTY_ROLL, ...model };
};

/** Of a device that has left nothing unsaid, or whose past is not the model's. */
export const freshCarry = ({ compressor }: Pick<SwarmConfig, "compressor">): Carry => emptyCarry(compressor?.parameters ?? 0);

const NOTHING_UNHANDED: Unhanded = { of: [], since: 0, renewedAt: 0 };

/** Of a device that has said nothing under its name. */
export const unspoken: Pick<SwarmState, "word" | "unhanded" | "unhandedAbove" | "untold" | "untoldAbove" | "past" | "newcomers" | "led" | "parting"> = { word: null, unhanded: NOTHING_UNHANDED, unhandedAbove: NOTHING_UNHANDED, untold: NOTHING_UNHANDED, untoldAbove: NOTHING_UNHANDED, past: null, newcomers: [], led: { root: "", peers: [] }, parting: false };

export const initialState = (config: SwarmConfig, head: Head, now: number, carry = freshCarry(config)): SwarmState => ({
  config,
  now,
  wakeAt: now,
  head,
  previous: null,
  carry,
  changes: [],
  taking: true,
  slow: false,
  issuer: null,
  // A clock's reading, so that a device that comes back under its name is not taken for its past.
  seq: Math.max(0, Math.floor(now)),
  attempts: 0,
  announced: UNSAID,
  stood: UNSAID,
  ...unspoken,
  reachable: [],
  pending: [],
  reachableSince: now,
  peers: new Map(),
  stands: new Map(),
  places: new Map(),
  audits: [],
  refused: [],
  unserved: [],
  doubted: [],
  round: freshRound(now),
  behindSince: null,
  sync: null,
  claims: null,
});
