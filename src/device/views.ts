import type { DataFault } from "../learn/faults.ts";
import type { TaskManifest } from "../learn/task.ts";
import type { BatchProgress, ModelFormat, TrainerInfo } from "../learn/trainer.ts";
import type { LibraryView } from "../library/view.ts";
import type { Phase } from "../swarm/phase.ts";
import type { AuditSetting } from "../swarm/state.ts";
import type { PeerId } from "../wire/ids.ts";
import type { CareView } from "./carer.ts";
import type { Refusals } from "./guard.ts";
import type { IssuerView } from "./registry.ts";

/** What a device shows of itself, as plain data that cross threads. */

export type DeviceStatus =
  /** Not in the swarm. */
  | "idle"
  /** Model, data and engine are being loaded. */
  | "loading"
  /** Waiting for links, for the current model, or for the next round's start. */
  | "joining"
  /** The room is larger than a round: follows the model, and may be drawn in the next epoch. */
  | "resting"
  /** Nobody else is here: trains for itself and sends nothing. */
  | "alone"
  | "training"
  | "paused"
  /** This browser cannot take part, or a peer or the server speaks a newer version. */
  | "failed";

export interface RoundRecord {
  round: number;
  seconds: number;
  /** Of this device's node; and how many there were in all nodes. */
  participants: PeerId[];
  devices: number;
  /** On the held-out set, 0 to 1; null until it is scored. */
  accuracy: number | null;
  loss: number | null;
  /** Mean loss of the participants' training batches, from the round's sum. */
  trainLoss: number | null;
  /** Samples of each label, of all participants, from the round's sum. */
  labelCounts: number[];
  modelHash: string;
  /** At the data channel, during this round. */
  bytesUp: number;
  bytesDown: number;
  /** How often the exchange was started again because somebody left. */
  retries: number;
  /** Two thirds found its model much worse than the one before, which stayed. */
  refused: boolean;
}

export interface PeerView {
  id: PeerId;
  /** `linked`: direct link; `relayed`: reached over others; `dialling`: known, no way to it yet. */
  reach: "linked" | "relayed" | "dialling";
  phase: Phase | null;
  round: number | null;
}

/**
 * `signed`: everybody in the room may read it, nobody can change it. `sealed`: for one device, over a ratcheted
 * channel. `signcrypted`: for one device by its certificate, or for those of the room. `passed on`: of others, as
 * they protected it. `connection`: only as the connection is, whose other end reads it.
 */
export type Protection = "signed" | "sealed" | "signcrypted" | "passed on" | "connection";

/** `reveal`: an audited update, which is in no sum. `shards`: pieces of models and published objects, and word of them. `server`: all that the signalling server gets. */
export const SENT_KINDS = ["update", "reveal", "sum", "model", "status", "keys", "shards", "tasks", "relay", "link", "server"] as const;
export type SentKind = (typeof SENT_KINDS)[number];

/** What was sent of one kind, headers included. */
export interface SentEntry {
  kind: SentKind;
  protection: Protection;
  messages: number;
  bytes: number;
}

/** For whom it was: one device, by whatever way; everybody in the room; the signalling server. */
export type Receiver = PeerId | "room" | "server";

/** What went to one receiver under one heading within a second. */
export interface SentRecord extends SentEntry {
  /** Milliseconds since 1970. */
  at: number;
  to: Receiver;
}

export interface SentQuery {
  kind?: SentKind;
  to?: Receiver;
  /** Only what came before this place of an earlier answer. */
  before?: number;
}

export interface SentView {
  /** When the log began, in milliseconds since 1970. */
  since: number;
  /** Newest first, and not more than fit on a page. */
  records: SentRecord[];
  /** Where older ones go on; null where there are none. */
  older: number | null;
  /** All records that the query finds. */
  found: { records: number; messages: number; bytes: number };
  /** Of the records that are kept, most bytes first. */
  receivers: { id: Receiver; bytes: number }[];
  /** Since the log began, also of records that are no longer kept. */
  totals: SentEntry[];
  /** Records too old to be kept. */
  gone: { records: number; bytes: number };
}

export type SentFormat = "csv" | "json";

/** Where a model comes from: all of it is in the record whose hash is the root. */
export interface Lineage {
  round: number;
  root: string;
  /** Root of the round before; the task's hash in the first. */
  prev: string;
  /** Devices of this round, by their pseudonyms. */
  contributors: number;
  /** Device-rounds since the task's first model. */
  deviceRounds: number;
  /** SHA-256 of the model and of what the outer optimiser keeps. */
  model: string;
}

/** The id of the model that this device trains. */
export const CURRENT_MODEL = "current";

export interface ModelView {
  id: string;
  origin: "trained" | "fetched" | "imported";
  task: TaskManifest;
  taskHash: string;
  parameters: number;
  /** As float32. */
  bytes: number;
  /** Null of one from a file: nobody says where it comes from. */
  lineage: Lineage | null;
  /** Under which it was published or fetched; null where it was not. */
  object: string | null;
  /** Whose pseudonym signed the object that it was fetched as. */
  author: string | null;
  /** When it came onto this device, in milliseconds since 1970; null of the current one. */
  at: number | null;
}

/** `weights`: float32 little-endian, layer after layer, kernel before bias. */
export type ExportFormat = ModelFormat | "weights";

export interface Continuation {
  text: string;
  milliseconds: number;
}

/** Differential privacy of this device's updates, all rounds together. */
export interface PrivacyView {
  epsilon: number;
  delta: number;
  /** ε so far. */
  spent: number;
  /** Rounds that it was spent in. */
  rounds: number;
}

/** All that the page shows, as plain data; a new one is pushed at most five times a second. */
export interface Snapshot {
  status: DeviceStatus;
  slot: number;
  self: PeerId | null;
  task: { name: string; title: { en: string; uk: string }; parameters: number | null; data: Pick<TaskManifest["data"], "kind" | "source">; /** One update of so many is shown to its group; `steps`: and trained again. */ audits: AuditSetting | null };
  trainer: TrainerInfo | null;
  signal: "connecting" | "open" | "down" | "outdated";
  /** Others were called, TURN servers are named and none gave a relay, and no link came about without one. */
  turnDown: boolean;
  /** What this device sends leaves slowly: others do for the room what it would. */
  slow: boolean;
  round: number;
  phase: Phase | null;
  /** 0 to 1 within the phase. */
  phaseProgress: number;
  /** Estimated milliseconds until the round commits; null when nothing is known yet. */
  timeLeft: number | null;
  batch: BatchProgress | null;
  /** What the person's settings come to just now. */
  care: CareView;
  /** Who is counted on in this device's group in this round. */
  view: PeerId[];
  /** Nodes that the room's devices are cut into, and groups of all of them, on average, whose sums are added up. */
  nodes: number;
  groups: number;
  peers: PeerView[];
  /** Undirected edges of the mesh, as far as this device knows it. */
  edges: [PeerId, PeerId][];
  rounds: RoundRecord[];
  /** Rounds of which two thirds of its group signed that this device did its work, as far as it keeps the receipts. */
  receipts: number;
  bytesUp: number;
  bytesDown: number;
  /** Since the tab was opened, all stays together. */
  sent: SentEntry[];
  /** What was refused and why, as counted since joining. */
  refusals: Refusals;
  /** The committee that issues pseudonyms; null while everybody who has the room's link can. */
  issuer: IssuerView | null;
  samplesTrained: number;
  /** Rounds kept from an earlier visit: the page offers to go on. */
  resumable: { round: number; accuracy: number | null } | null;
  /** Where departures were noticed. */
  departures: { peer: PeerId; round: number; phase: Phase | null; at: number }[];
  /** Who gave a wrong share or piece of a sum, which was right all the same; or failed an audit of its update, which is in no sum. */
  accusations: { peer: PeerId; what: "share" | "piece" | "total" | "update"; round: number }[];
  drawings: number;
  /** Pseudonyms kept for the epochs at hand; `lasting` is false where they go with the tab. */
  keys: { count: number; lasting: boolean };
  /** Counts the changes of the room's board of tasks. */
  board: number;
  /** Hash of a task that this tab is for and that is not here yet. */
  wanted: string | null;
  /** Memory that is lent, and what lies in it. */
  library: LibraryView;
  /** Null where the task asks for no differential privacy. */
  privacy: PrivacyView | null;
  breakpointReached: boolean;
  error: DeviceProblem | null;
}

/** A problem that the person can do something about; the page has a sentence for each code. */
export interface DeviceProblem {
  code:
    | "no-webrtc"
    | "no-worker"
    | "no-wasm"
    | "data-unavailable"
    | "engine-failed"
    | "update-needed"
    /** The signalling server, or a relay, changed what a peer sent; the rounds go on. */
    | "tampered"
    /** The task's privacy cannot be had with its model and values. */
    | "privacy"
    /** Another round would tell more than the task promises. */
    | "privacy-spent"
    | "storage-unavailable"
    | "no-drawings"
    /** Keys go in and out while the device is in no room. */
    | "keys-in-use"
    | "passphrase"
    | "key-file"
    | "bad-link"
    /** This model is not kept here any more. */
    | "no-model"
    /** No more models can be kept. */
    | "models-full"
    | "internal";
  detail: string;
  /** Of `data-unavailable`: what is wrong with the person's own. */
  fault?: DataFault;
}

/** A task on the room's board. */
export interface PostedTask {
  /** What its room and its links go by. */
  hash: string;
  manifest: TaskManifest;
  /** When this device heard of it, in milliseconds since 1970. */
  at: number;
  /** This device posted it. */
  mine: boolean;
}
