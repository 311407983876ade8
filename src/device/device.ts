import { builtInTasks, chooseTask } from "../learn/tasks/built-in.ts";
import type { TaskManifest } from "../learn/task.ts";
import type { BatchProgress, DataChoice, Trainer, TrainerInfo } from "../learn/trainer.ts";
import type { RtcHost } from "../mesh/rtc.ts";
import type { Kernels } from "../securesum/kernel.ts";
import type { SumPool } from "../securesum/pool.ts";
import { openOwnData } from "../store/own-data.ts";
import { openStore, type Store } from "../store/store.ts";
import { EPOCH_ROUNDS } from "../swarm/epoch.ts";
import { type Hash, taskHash } from "../swarm/record.ts";
import { freshCarry, genesisHead, type Head } from "../swarm/state.ts";
import type { Carry } from "../update/compression/carry.ts";
import { createCompressor, type Compressor } from "../update/compression/compression.ts";
import { toFixed, toFloat } from "../update/fixed.ts";
import type { Device, DeviceOptions, DeviceProblem, DeviceStatus, JoinChoice, RoundRecord, Snapshot } from "./api.ts";
import { createCarer } from "./carer.ts";
import { bothLanes, type Board, openBoard } from "./board.ts";
import { openOwnChoice } from "./desk/kept.ts";
import { DeviceError, problemOf } from "./errors.ts";
import { createKeeping, type Keeping } from "./keeping.ts";
import { lookingOn } from "./looking.ts";
import { type Keyring, openKeyring } from "./keyring.ts";
import { type DeviceLibrary, openLibrary } from "./library.ts";
import type { StartCodingWorkers } from "./library-coders.ts";
import { createModels, type Models } from "./models.ts";
import { openPrivacy, type PrivacyGuard } from "./privacy.ts";
import { roomKeys } from "./room.ts";
import { recordOf } from "./round-record.ts";
import { sentFile } from "./sent-file.ts";
import { createSentLog } from "./sent-log.ts";
import type { Session } from "./session.ts";
import { IDLE_VIEW } from "./idle-view.ts";
import type { sessionView } from "./snapshot.ts";
import { asOpened, auditsOf, epochRoundsOf, protocolOf } from "./task-settings.ts";
import { createTraining, type Training } from "./training.ts";

/** Between two snapshots that are pushed, in milliseconds. */
const PUSH_EVERY = 200;

/** Receipts of its own work that a device keeps. */
const RECEIPTS_KEPT = 256;

export interface DeviceDeps {
  /** The task's engine on a thread of its own. */
  startTrainer(): Trainer;
  /** Workers that encrypt updates and open sums. */
  startSumPool(): Promise<SumPool>;
  startCodingWorkers: StartCodingWorkers;
}

const now = (): number => performance.timeOrigin + performance.now();

/** One contributing device: wires data, training, protocol, mesh and storage together. */
export function createDevice({ startSumPool, startTrainer, startCodingWorkers }: DeviceDeps): Device {
  let options: DeviceOptions;
  let rtc: RtcHost;
  let push: (snapshot: Snapshot) => void = () => undefined;
  let store: Store;
  let keeping: Keeping;
  let keyring: Keyring;
  let library: DeviceLibrary;
  let board: Board;
  /** Hash of the task that this tab is for, while it is not here. */
  let wanted: Hash | null = null;
  let searching: AbortController | null = null;
  let task: TaskManifest = chooseTask(undefined);
  let trainer: Trainer | null = null;
  let training: Training | null = null;
  let sums: { kernels: Kernels; pool: Promise<SumPool> } | null = null;
  let privacy: PrivacyGuard | null = null;
  let info: TrainerInfo | null = null;
  let compressor: Compressor | null = null;
  let head: Head | null = null;
  /** Goes with the head. */
  let carry: Carry = freshCarry({ compressor });
  let session: Session | null = null;
  let viewOf: typeof sessionView | null = null;
  let status: DeviceStatus = "idle";
  let error: DeviceProblem | null = null;
  let batch: BatchProgress | null = null;
  let rounds: RoundRecord[] = [];
  let departures: Snapshot["departures"] = [];
  let accusations: Snapshot["accusations"] = [];
  let receipts: Uint8Array[] = [];
  let drawings = 0;
  let samplesTrained = 0;
  let counted = { up: 0, down: 0 };
  const sent = createSentLog(now);
  let models: Models;
  let preparing: Promise<unknown> = Promise.resolve();
  // A person's own pause stays what it is.
  const carer = createCarer((held) => void (status === "training" && session?.take(!held)), changed);
  let pushAt = 0;
  let pushing: ReturnType<typeof setTimeout> | undefined;

  function snapshot(): Snapshot {
    const kept = rounds.at(-1);
    const live = session && viewOf ? viewOf(session, rounds, batch) : IDLE_VIEW;
    return {
      slot: options.slot,
      task: { name: task.name, title: task.title, parameters: info?.parameters ?? null, data: { kind: task.data.kind, source: task.data.source }, audits: auditsOf(task) },
      trainer: info,
      batch,
      care: carer.view,
      rounds,
      samplesTrained: samplesTrained + (batch ? batch.step * task.inner.batch : 0),
      resumable: session === null && kept ? { round: kept.round, accuracy: kept.accuracy } : null,
      departures,
      accusations,
      receipts: receipts.length,
      privacy: privacy?.view ?? null,
      drawings,
      keys: { count: keyring.count, lasting: keyring.lasting },
      library: library.view,
      board: board.version,
      wanted,
      error,
      ...live,
      sent: sent.totals,
      status: status === "training" && session ? live.status : status,
    };
  }

  /** At most five times a second, and never later than that. */
  function changed(): void {
    if (pushing !== undefined) return;
    pushing = setTimeout(
      () => {
        pushing = undefined;
        pushAt = now();
        push(snapshot());
      },
      Math.max(0, pushAt + PUSH_EVERY - now()),
    );
  }

  function fail(problem: unknown): void {
    error = problemOf(problem);
    if (error.code !== "update-needed") status = session ? "paused" : "failed";
    changed();
  }

  /** One after the other, so that whoever only asks the model does not take the data from one who joins. */
  function prepare(data: DataChoice | null): Promise<{ trainer: Trainer; head: Head }> {
    const next = preparing.then(() => (data === null && trainer && training && head ? { trainer, head } : load(data)));
    // The failure belongs to whoever asked.
    preparing = next.catch(() => undefined);
    return next;
  }

  async function load(data: DataChoice | null): Promise<{ trainer: Trainer; head: Head }> {
    trainer ??= startTrainer();
    info = await trainer.load(task, data, options.seed ?? (await keeping.dataSeed()), options.backend, options.threads);
    if (head === null) {
      privacy = await openPrivacy(task, taskHash(task), info.parameters, store);
      const { bits, stepExponent, compression = { kind: "dense" } } = task.update;
      // With privacy an update goes whole: nothing of it may stay for later.
      compressor = privacy ? null : createCompressor({ compression, bits, stepExponent, seed: [taskHash(task)] }, info.shapes);
      const fresh = genesisHead(taskHash(task), toFixed(await trainer.initial()), { outer: task.outer, compressor, stepExponent: privacy?.stepExponent });
      const kept = await keeping.head(fresh);
      carry = kept ? await keeping.carry(freshCarry({ compressor })) : freshCarry({ compressor });
      head = kept ?? fresh;
    }
    training ??= createTraining(trainer, task.inner.localSteps, keeping.keepMidway, undefined, carer);
    return { trainer, head };
  }

  /** With what this device keeps of the person's own. */
  async function resolved(data: JoinChoice): Promise<DataChoice> {
    if (data.kind === "own") return openOwnChoice(await openOwnData(options.slot, globalThis.navigator?.storage), data.set, task);
    if (data.kind !== "drawn" || data.labels.length > 0) return data;
    const kept = await store.get("drawings");
    if (kept === null || kept.labels.length === 0) throw new DeviceError("no-drawings", "draw and label some digits first");
    return { kind: "drawn", ...kept };
  }

  async function keep(): Promise<void> {
    if (head) await keeping.keepHead(head, carry, rounds);
    await store.put({ receipts });
    if (training) await keeping.keepTrainer(training);
  }

  async function committed(record: RoundRecord, params: Int32Array): Promise<void> {
    rounds = [...rounds, record];
    changed();
    // At once: a tab may be closed before the round is scored.
    if (head) await keeping.keepHead(head, carry, rounds);
    const evaluation = await training!.evaluate(params);
    models.scored(record.modelHash, evaluation);
    const { accuracy, loss } = evaluation;
    rounds = rounds.map((round) => (round === record ? { ...record, accuracy, loss } : round));
    changed();
    await keep();
  }

  /** Two devices of one name would take each other's place. */
  function requireIdle(): void {
    if (session) throw new DeviceError("keys-in-use", "leave the room first: its keys are in use");
  }

  /** One of the board is named by its hash; where it is not here yet, it has to be fetched first. */
  function taskFor(named: unknown): TaskManifest {
    if (typeof named !== "string" || !/^[0-9a-f]{64}$/.test(named)) return chooseTask(named);
    const found = board.find(named);
    wanted = found === null ? named : null;
    return chooseTask(found ?? undefined);
  }

  function stop(): void {
    searching?.abort(new DOMException("the search was ended", "AbortError"));
    session?.close();
    session = null;
    batch = null;
  }

  return {
    async open(opened, host, onChange) {
      options = opened;
      rtc = host;
      push = onChange;
      store = await openStore(opened.slot);
      board = await openBoard({ room: opened.room, store, now, onChange: changed, onProblem: fail });
      task = asOpened(taskFor(opened.task), opened);
      keeping = createKeeping(store, taskHash(task), now);
      rounds = await keeping.rounds();
      receipts = (await store.get("receipts")) ?? [];
      drawings = (await store.get("drawings"))?.labels.length ?? 0;
      const lends = opened.lend ?? (await store.get("lends"));
      library = await openLibrary({
        slot: opened.slot,
        room: roomKeys(opened.room, taskHash(task)),
        lends,
        now,
        startCodingWorkers,
        onChange: changed,
        onProblem(cause) {
          error = problemOf(cause);
          changed();
        },
      });
      models = createModels({
        store,
        task,
        now,
        head: () => head,
        engine: () => prepare(null),
        startTrainer,
        library: { publish: library.publish, fetch: library.fetch, authorOf: (id) => library.view.objects.find((object) => object.id === id)?.author ?? null },
      });
      await models.putAside();
      keyring = await openKeyring(store, (cause) => {
        error = { code: "storage-unavailable", detail: String(cause) };
        changed();
      });
      if (!store.persistent) error = { code: "storage-unavailable", detail: "this browser keeps nothing between visits" };
      changed();
    },

    async join(data) {
      if (session || status === "loading" || wanted !== null) return;
      status = "loading";
      error = null;
      changed();
      try {
        // The protocol comes with the first press, so that the page is there sooner.
        const { createKernels, createSealing, createSession, sessionView } = await import("./stay.ts");
        viewOf = sessionView;
        if ((status as DeviceStatus) !== "loading") return; // left meanwhile
        counted = { up: 0, down: 0 };
        const room = roomKeys(options.room, taskHash(task));
        const stay = createSession({
          options,
          room,
          keys: keyring.of(room.hash),
          kept: head?.record ?? (await keeping.standing()),
          epochRounds: epochRoundsOf(task),
          rtc,
          library: bothLanes(library.lane, board.lane),
          sent,
          training: () => training,
          now,
          events: {
            onChange: changed,
            onBatch(progress) {
              if (progress === null && batch) samplesTrained += batch.step * task.inner.batch;
              batch = progress;
              changed();
            },
            onCommitted(commit) {
              library.committed(head, commit.head);
              head = commit.head;
              carry = commit.carry;
              const { up, down } = stay.mesh();
              const totals = { up: up.own + up.relayed + up.overhead, down: down.own + down.relayed + down.overhead };
              const bytes = { up: totals.up - counted.up, down: totals.down - counted.down };
              counted = totals;
              committed(recordOf(commit, bytes, now()), commit.head.params).catch(fail);
            },
            onAdopted({ head: next }) {
              head = next;
              carry = freshCarry({ compressor });
              // What this device did beyond the common past is no longer part of the model.
              rounds = rounds.filter(({ round }) => round < next.record.round);
              changed();
            },
            onDeparted({ peer, round, phase }) {
              departures = [...departures, { peer, round, phase, at: now() }];
              changed();
            },
            onAccused({ peer, what, round }) {
              accusations = [...accusations, { peer, what, round }];
              changed();
            },
            onReceipt(receipt) {
              receipts = [...receipts, receipt].slice(-RECEIPTS_KEPT);
              changed();
            },
            onProblem: fail,
            onTampered(peer) {
              error = { code: "tampered", detail: `what ${peer} sent did not arrive as it was sent` };
              changed();
            },
          },
        });
        session = stay;
        // On public data a lot says on which.
        const ready = await prepare(task.audits === "rerun" ? { kind: "share", share: 0, shares: 1 } : await resolved(data));
        const newest = await library.newest(ready.head);
        if (newest !== null && session === stay) {
          head = ready.head = newest;
          carry = freshCarry({ compressor });
          rounds = rounds.filter(({ round }) => round < newest.record.round);
        }
        await keeping.takeUp(ready.trainer, training!, ready.head);
        if (session !== stay) return; // left while it was loading
        const held = (status as DeviceStatus) === "paused";
        if (!held) status = "training";
        // Loads behind the first round's training.
        sums ??= { kernels: createKernels(), pool: startSumPool() };
        const labelCounts = info?.labelCounts ?? [];
        const config = { ...protocolOf(task), task: ready.head.record.task, labels: labelCounts.length, privacy: privacy?.core ?? null, compressor, kernels: sums.kernels };
        stay.begin(config, ready.head, { sealing: createSealing({ ...sums, privacy }), labelCounts, carry });
        if (held || carer.view.hold !== null) stay.take(false);
      } catch (cause) {
        stop();
        fail(cause);
      }
    },

    async pause() {
      if (!session) return;
      session.take(false);
      status = "paused";
      changed();
    },

    async resume() {
      if (!session) return;
      error = null;
      status = "training";
      carer.overrule();
      session.take(true);
    },

    async leave() {
      stop();
      status = "idle";
      changed();
      await keep();
    },

    async forget() {
      stop();
      head = null;
      rounds = [];
      departures = [];
      accusations = [];
      samplesTrained = 0;
      status = "idle";
      error = null;
      receipts = [];
      await store.remove("head", "carry", "rounds", "receipts", "trainer", "midway");
      library.forget();
      await keyring.forget();
      changed();
    },

    async predict(pixels) {
      const ready = training && head ? { head } : await prepare(null);
      return training!.predict(ready.head.params, pixels);
    },

    async addDrawing(pixels, label) {
      const kept = (await store.get("drawings")) ?? { images: new Uint8Array(), labels: new Uint8Array() };
      const images = Uint8Array.of(...kept.images, ...pixels);
      await store.put({ drawings: { images, labels: Uint8Array.of(...kept.labels, label) } });
      drawings = kept.labels.length + 1;
      changed();
    },

    async forgetDrawings() {
      await store.remove("drawings");
      drawings = 0;
      changed();
    },

    snapshot: async () => snapshot(),
    task: async () => ({ manifest: task, hash: taskHash(task) }),
    board: async () => board.tasks,
    shippedTasks: async () => builtInTasks.map((manifest) => ({ hash: taskHash(manifest), manifest, at: 0, mine: false })),
    postTask: (manifest) => board.post(manifest),
    hideTask: (hash) => board.hide(hash),

    async fetchTask() {
      if (wanted === null || session || status === "joining") return;
      status = "joining";
      error = null;
      changed();
      const search = (searching = new AbortController());
      try {
        const { createSession } = await import("./stay.ts");
        search.signal.throwIfAborted();
        const room = roomKeys(options.room, wanted);
        session = createSession({
          options,
          room,
          keys: keyring.of(room.hash),
          kept: { round: 0, weight: 0 },
          epochRounds: EPOCH_ROUNDS,
          rtc,
          library: board.lane,
          sent,
          training: () => null,
          now,
          events: lookingOn({ onChange: changed, onProblem: fail, onTampered: () => undefined }),
        });
        await board.fetch(wanted, search.signal);
        wanted = null;
      } catch (cause) {
        if (!search.signal.aborted) fail(cause);
      } finally {
        searching = null;
        if (!search.signal.aborted) stop();
        if ((status as DeviceStatus) !== "failed") status = "idle";
        changed();
      }
    },

    async exportModel() {
      const { head: current } = await (head ? { head } : prepare(null));
      return new Uint8Array(toFloat(current.params).buffer);
    },

    async exportKeys(passphrase) {
      requireIdle();
      return keyring.toFile(passphrase);
    },

    async importKeys(bytes, passphrase) {
      requireIdle();
      await keyring.fromFile(bytes, passphrase);
      changed();
    },

    async care(settings) {
      carer.set(settings);
    },

    async tellFacts(facts) {
      carer.tell(facts);
    },

    async lend(bytes) {
      library.lend(bytes);
      await store.put({ lends: bytes });
    },

    publish: (bytes) => library.publish(bytes),
    fetchObject: (id) => library.fetch(id),
    stopFetching: async (id) => library.stop(id),

    models: () => models.models(),
    askModel: (id, input) => models.askModel(id, input),
    continueText: (id, prompt, bytes) => models.continueText(id, prompt, bytes),
    scoreModel: (id) => models.scoreModel(id),
    exportModelAs: (id, as) => models.exportModelAs(id, as),
    importModel: (files) => models.importModel(files),
    publishModel: (id) => models.publishModel(id),
    fetchModel: (object) => models.fetchModel(object),
    removeModel: (id) => models.removeModel(id),
    sentLog: async (query) => sent.view(query),
    exportSent: async (as) => sentFile(sent, as, now()),

    async recording() {
      if (!session) throw new DeviceError("internal", "nothing is recorded outside of a stay in a swarm");
      return session.recording();
    },
  };
}
