import type { RtcHost } from "../mesh/rtc.ts";
import type { TaskManifest } from "../learn/task.ts";
import type { Backend, BatchProgress, DataChoice, Evaluation, ModelFormat, NamedFile, Prediction, TrainerInfo } from "../learn/trainer.ts";
import type { Phase } from "../swarm/phase.ts";
import type { LibraryView } from "../library/view.ts";
import type { PeerId } from "../wire/ids.ts";
import type { CareSettings, DeviceFacts } from "./care.ts";
import type { CareView } from "./carer.ts";
import type { Refusals } from "./guard.ts";
import type { IssuerView } from "./registry.ts";

export { PHASES, type Phase } from "../swarm/phase.ts";

/** Before its first link; in training; half-way through sending its update; when it has signed a sum. */
export const BREAKPOINTS = ["connect", "train", "exchange", "sum"] as const;
export type Breakpoint = (typeof BREAKPOINTS)[number];

/** Where to meet: everything a join link carries. */
export interface Room {
  /** 32 bytes as base64url, in the link's fragment only; absent: this server's open room. */
  secret?: string;
  /** Signalling server, ws: or wss:. */
  server: string;
  iceServers: RTCIceServer[];
  relayOnly: boolean;
}

export interface DeviceOptions {
  /** Numbered slot of this tab; all storage is kept under it. */
  slot: number;
  room: Room;
  /** Overlay links to hold, 8 unless a test forces fewer. */
  degree?: number;
  backend?: Backend;
  /** Seeds this device's choices (data order, rounding); random when absent. */
  seed?: number;
  /** Name of a task that ships, the hash of one of the room's board, or a manifest as JSON has it; the digits when absent. */
  task?: unknown;
  /** Local steps a round, and rounds an epoch, in place of the task's. */
  localSteps?: number;
  epochRounds?: number;
  /** Devices of a group, at least, in place of the task's. */
  groupSize?: number;
  /** ε over all rounds, for a task without a privacy of its own. */
  privacy?: number;
  /** Stop dead at this point, as if the tab froze: how tests place a departure. */
  breakpoint?: { round: number; stage: Breakpoint };
  /** Bytes of memory to lend, in place of what the person said before. */
  lend?: number;
  /** Keep every event of the swarm core, to replay it in the simulator. */
  record?: boolean;
}

export type DeviceStatus =
  /** Not in the swarm. */
  | "idle"
  /** Model, data and engine are being loaded. */
  | "loading"
  /** Waiting for links, for the current model, or for the next round's start. */
  | "joining"
  /** Nobody else is here: trains for itself and sends nothing. */
  | "alone"
  | "training"
  | "paused"
  /** This browser cannot take part, or a peer or the server speaks a newer version. */
  | "failed";

export interface RoundRecord {
  round: number;
  seconds: number;
  participants: PeerId[];
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

/** `shards`: pieces of models and published objects, and word of them. `server`: all that the signalling server gets. */
export const SENT_KINDS = ["update", "sum", "model", "status", "keys", "shards", "tasks", "relay", "link", "server"] as const;
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

/** All that the page shows, as plain data; a new one is pushed at most ten times a second. */
export interface Snapshot {
  status: DeviceStatus;
  slot: number;
  self: PeerId | null;
  task: { name: string; title: { en: string; uk: string }; parameters: number | null; data: Pick<TaskManifest["data"], "kind" | "source"> };
  trainer: TrainerInfo | null;
  signal: "connecting" | "open" | "down" | "outdated";
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
  /** Groups of the room's devices, whose sums are added up. */
  groups: number;
  peers: PeerView[];
  /** Undirected edges of the mesh, as far as this device knows it. */
  edges: [PeerId, PeerId][];
  rounds: RoundRecord[];
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
  /** Who gave a wrong share or piece of a sum, which was right all the same. */
  accusations: { peer: PeerId; what: "share" | "piece" | "total"; round: number }[];
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

/** What to train on: data that ship, that are handed over, or a set that this device keeps (desk/api.ts). */
export type JoinChoice = DataChoice | { kind: "own"; set: string };

/** One contributing device, as the page and the test drivers see it; crosses the worker boundary by Comlink. */
export interface Device {
  open(options: DeviceOptions, rtc: RtcHost, onChange: (snapshot: Snapshot) => void): Promise<void>;
  /** Load and take part. */
  join(data: JoinChoice): Promise<void>;
  /** The task of this tab, and the hash that its room and its links go by. */
  task(): Promise<{ manifest: TaskManifest; hash: string }>;
  /** The room's board, as far as this device has heard of it; `Snapshot.board` says when it changes. */
  board(): Promise<PostedTask[]>;
  /** The tasks whose data ship with the app. */
  shippedTasks(): Promise<PostedTask[]>;
  /** Signs a task for the room's board; the others hear of it while this device is in the room. @throws TaskError */
  postTask(manifest: unknown): Promise<string>;
  /** Off this device's board, for good. */
  hideTask(hash: string): Promise<void>;
  /** Gets the task that `DeviceOptions.task` names by its hash from the devices that train it. */
  fetchTask(): Promise<void>;
  /** Finish or drop this round's training and hold; links stay. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  leave(): Promise<void>;
  /** Forget the kept model and keys, and go back to an untrained one. */
  forget(): Promise<void>;
  /** `pixels`: 28 × 28 values, 0 (paper) to 1 (ink). */
  predict(pixels: Float32Array): Promise<Prediction>;
  addDrawing(pixels: Uint8Array, label: number): Promise<void>;
  forgetDrawings(): Promise<void>;
  snapshot(): Promise<Snapshot>;
  /** The committed model, float32 little-endian. */
  exportModel(): Promise<Uint8Array<ArrayBuffer>>;
  /** The kept pseudonyms under a passphrase (identity/keyfile.ts). @throws DeviceError `keys-in-use`, `passphrase` */
  exportKeys(passphrase: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Adds those of such a file. @throws DeviceError `keys-in-use`, `passphrase`, `key-file`, `update-needed` */
  importKeys(bytes: Uint8Array, passphrase: string): Promise<void>;
  /** What the person allows; the page keeps it, and says it again at each visit. */
  care(settings: CareSettings): Promise<void>;
  /** What only the page can see of the device: battery, link, whether it is hidden. */
  tellFacts(facts: DeviceFacts): Promise<void>;
  /** Lend so many bytes of memory to the others; kept for later visits. */
  lend(bytes: number): Promise<void>;
  /** Gives an object to whoever lends memory; its id is what others fetch it by. @throws LibraryError, CodingError */
  publish(bytes: Uint8Array): Promise<string>;
  /** How far it is stands in the snapshot. @throws LibraryError, CodingError */
  fetchObject(id: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends the fetching of this object, which then fails. */
  stopFetching(id: string): Promise<void>;
  /** The current model first, then what else is kept. */
  models(): Promise<ModelView[]>;
  /** `input` as `Trainer.predict` takes it. @throws DeviceError `no-model` */
  askModel(id: string, input: Float32Array): Promise<Prediction>;
  /** What a text's model writes on, `bytes` of it; the same for the same prompt. @throws DeviceError `no-model` */
  continueText(id: string, prompt: string, bytes: number): Promise<Continuation>;
  /** On the samples that no device trains on. @throws DeviceError `no-model`; DataError `unavailable` where there are none */
  scoreModel(id: string): Promise<Evaluation>;
  /** One file; of tfjs an archive of two. @throws DeviceError `no-model`; TaskError `unsupported` where the format does not fit the model */
  exportModelAs(id: string, format: ExportFormat): Promise<NamedFile>;
  /** A tfjs model of the current task: model.json with its weights, or both in an archive. @returns its id. @throws TaskError `bad-model`; DeviceError `models-full` */
  importModel(files: NamedFile[]): Promise<string>;
  /** @returns the object's id. @throws DeviceError `no-model`; LibraryError, CodingError */
  publishModel(id: string): Promise<string>;
  /** @returns the model's id. @throws WireError for an object that is no model; LibraryError, CodingError; DeviceError `models-full` */
  fetchModel(object: string): Promise<string>;
  /** Any but the current one. */
  removeModel(id: string): Promise<void>;
  /** The log of every byte sent; on demand, for it is long. */
  sentLog(query: SentQuery): Promise<SentView>;
  /** The whole log as a file's bytes. */
  exportSent(format: SentFormat): Promise<Uint8Array<ArrayBuffer>>;
  /** The recorded core events since `open`, where `record` was set. */
  recording(): Promise<Uint8Array<ArrayBuffer>>;
}
