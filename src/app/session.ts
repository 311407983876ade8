import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Device, DeviceProblem, Room, Snapshot } from "../device/api.ts";
import type { Prediction } from "../learn/trainer.ts";
import type { DataFault } from "../device/desk/api.ts";
import { type Choice, keepChoice, keptChoice, toData } from "./choice.ts";
import { createCurves, type Curves } from "./curve-data.ts";
import { createPace } from "./frame.ts";
import { LinkError } from "./join-link.ts";
import type { TextStore } from "./local-store.ts";
import { type SlotClaim, SlotError } from "./slot.ts";
import { throttle } from "./throttle.ts";

/** Between two drawings of what the device reports, in milliseconds: where the page draws in no time, and where it does not. */
const REDRAW_LEAST = 200;
const REDRAW_MOST = 2_000;

/** A device's problem, or one that the page has before there is a device. */
export interface Problem {
  code: DeviceProblem["code"] | "no-slot";
  detail: string;
  /** Of a person's data: what of them is wrong. */
  fault?: DataFault;
  /** Of a link: what of it is wrong. */
  part?: LinkError["part"];
}

type Action = "join" | "pause" | "resume" | "leave";

/** What the page knows and can ask for; components read the signals and call the actions. */
export interface Session {
  /** Null until the device reports for the first time. */
  snapshot: ReadonlySignal<Snapshot | null>;
  slot: ReadonlySignal<SlotClaim | null>;
  claimed: Promise<SlotClaim>;
  /** For what a page asks of it beside all this. */
  device: Promise<Device>;
  problem: ReadonlySignal<Problem | null>;
  /** The action that was pressed and is not yet done. */
  pending: ReadonlySignal<Action | null>;
  choice: Signal<Choice>;
  /** One update of so many is shown to others (audits of data that are the devices' own), and nobody joins who has not agreed; null: none is. */
  asks: ReadonlySignal<number | null>;
  /** The person's answer, for this visit. */
  agreed: Signal<boolean>;
  /** What the address asks to train on; null where it leaves the choice to the person. */
  given: Choice | null;
  /** Null where the link to the room is broken. */
  room: Room | null;
  curves: Curves;
  /** Counts the changes of `curves`. */
  curvesVersion: ReadonlySignal<number>;
  join(): Promise<void>;
  joinAnew(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  leave(): Promise<void>;
  predict(pixels: Float32Array): Promise<Prediction>;
  addDrawing(pixels: Uint8Array, label: number): Promise<void>;
  forgetDrawings(): Promise<void>;
  /** Leaves, and forgets the kept model and keys. */
  forget(): Promise<void>;
  /** Bytes of memory for others' shards. */
  lend(bytes: number): Promise<void>;
  exportKeys(passphrase: string): Promise<Uint8Array<ArrayBuffer>>;
  importKeys(bytes: Uint8Array, passphrase: string): Promise<void>;
}

export interface SessionDeps {
  slot: Promise<SlotClaim>;
  /** Starts the device of a slot; given the session's `receive` for its snapshots. */
  start(slot: number, receive: (snapshot: Snapshot) => void): Promise<Device>;
  room: Room | null;
  /** What the address asks to train on. */
  given: Choice | null;
  store: TextStore;
  /** Resolves once what was rendered is on the screen. */
  drawn(): Promise<void>;
}

export function problemOf(cause: unknown): Problem {
  const detail = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  if (cause instanceof LinkError) return { code: "bad-link", detail, part: cause.part };
  if (cause instanceof SlotError) return { code: "no-slot", detail };
  return { code: "internal", detail };
}

function shownOf(snapshot: Snapshot | null): number | null {
  const audits = snapshot?.task.audits ?? null;
  return audits?.steps === null ? audits.oneOf : null;
}

export function createSession({ slot: claim, start, room, given, store, drawn }: SessionDeps): Session {
  const snapshot = signal<Snapshot | null>(null);
  const slot = signal<SlotClaim | null>(null);
  const problem = signal<Problem | null>(null);
  const pending = signal<Action | null>(null);
  const choice = signal<Choice>(given ?? { kind: "even" });
  const agreed = signal(false);
  const asks = computed(() => shownOf(snapshot.value));
  const curves = createCurves();
  const curvesVersion = signal(0);

  const pace = createPace(REDRAW_LEAST, REDRAW_MOST, drawn);
  const show = throttle<Snapshot>(() => pace.pause, (next) => {
    pace.drawing();
    if (curves.add(next)) curvesVersion.value++;
    snapshot.value = next;
  });
  const device = claim.then((claimed) => {
    slot.value = claimed;
    if (given === null) choice.value = keptChoice(claimed.slot, store);
    return start(claimed.slot, show);
  });
  const fail = (cause: unknown): void => {
    console.error(cause);
    problem.value = problemOf(cause);
  };
  device.catch(fail);

  /** The device reports its own problems in its snapshot; what a call itself rejects with is shown too. */
  const act = async (action: Action, work: (ready: Device, at: number) => Promise<void>): Promise<void> => {
    if (pending.value !== null) return;
    pending.value = action;
    problem.value = null;
    try {
      const ready = await device;
      await work(ready, (await claim).slot);
    } catch (cause) {
      if ((snapshot.value?.error ?? null) === null) fail(cause);
    } finally {
      pending.value = null;
    }
  };
  /** An address that joins at once cannot agree in somebody's place; it is quicker than what the page shows. */
  const join = async (ready: Device, at: number, anew = false): Promise<void> => {
    if (!agreed.value && shownOf(await ready.snapshot()) !== null) return;
    if (anew) await ready.forget();
    keepChoice(at, store, choice.value);
    await ready.join(toData(choice.value, at, store));
  };

  return {
    snapshot,
    slot,
    claimed: claim,
    device,
    problem,
    pending,
    choice,
    asks,
    agreed,
    given,
    room,
    curves,
    curvesVersion,
    join: () => act("join", join),
    joinAnew: () => act("join", (ready, at) => join(ready, at, true)),
    pause: () => act("pause", (ready) => ready.pause()),
    resume: () => act("resume", (ready) => ready.resume()),
    leave: () => act("leave", (ready) => ready.leave()),
    predict: async (pixels) => (await device).predict(pixels),
    addDrawing: async (pixels, label) => (await device).addDrawing(pixels, label),
    forgetDrawings: async () => (await device).forgetDrawings(),
    forget: async () => (await device).forget(),
    lend: async (bytes) => (await device).lend(bytes),
    exportKeys: async (passphrase) => (await device).exportKeys(passphrase),
    importKeys: async (bytes, passphrase) => (await device).importKeys(bytes, passphrase),
  };
}
