import type { RtcHost } from "../mesh/rtc.ts";
import type { TaskManifest } from "../learn/task.ts";
import type { Backend, DataChoice, Evaluation, NamedFile, Prediction } from "../learn/trainer.ts";
import type { CareSettings, DeviceFacts } from "./care.ts";
import type { Continuation, ExportFormat, ModelView, PostedTask, SentFormat, SentQuery, SentView, Snapshot } from "./views.ts";

export { PHASES, type Phase } from "../swarm/phase.ts";
export * from "./views.ts";

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
  /** Threads to train on, in place of what a trial finds. */
  threads?: number;
  /** Seeds this device's choices (data order, rounding); random when absent. */
  seed?: number;
  /** Name of a task that ships, the hash of one of the room's board, or a manifest as JSON has it; the digits when absent. */
  task?: unknown;
  /** Local steps a round, and rounds an epoch, in place of the task's. */
  localSteps?: number;
  epochRounds?: number;
  /** Devices of a group, at least, in place of the task's. */
  groupSize?: number;
  /** How a large room is cut, in place of the task's. */
  nodes?: NonNullable<TaskManifest["nodes"]>;
  /** ε over all rounds, for a task without a privacy of its own. */
  privacy?: number;
  /** Audits, for a task without any of its own: one update of so many is shown to its group, and trained again where that is asked for. */
  audits?: { kind: true | "rerun"; oneOf: number };
  /** Stop dead at this point, as if the tab froze: how tests place a departure. */
  breakpoint?: { round: number; stage: Breakpoint };
  /** Bytes of memory to lend, in place of what the person said before. */
  lend?: number;
  /** Keep every event of the swarm core, to replay it in the simulator. */
  record?: boolean;
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
