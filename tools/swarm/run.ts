import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Breakpoint, RoundRecord, Snapshot } from "../../src/device/api.ts";
import type { PeerId } from "../../src/wire/ids.ts";
import type { SwarmOptions } from "./options.ts";
import { describe, openStage, openTab, ROOT, type Tab } from "./tabs.ts";
import { markLoaded, watchTasks } from "./trace.ts";

export interface SwarmReport {
  v: 1;
  command: string;
  commit: string | null;
  task: string;
  peers: number;
  seed: number;
  backend: string | null;
  rounds: RoundReport[];
  left: { peer: number; round: number; stage: Breakpoint; detectedSeconds: number | null }[];
  joined: { peer: number; round: number; firstContribution: number | null }[];
  final: { accuracy: number | null; modelHash: string | null; hashesEqual: boolean; devices: number };
  longestTaskMs: number | null;
  longestTaskWallMs: number | null;
  ok: boolean;
  error: string | null;
}

export interface RoundReport {
  round: number;
  seconds: number | null;
  participants: number[];
  accuracy: number | null;
  loss: number | null;
  modelHash: string | null;
  hashesEqual: boolean;
  bytesUp: number | null;
  bytesDown: number | null;
  retries: number | null;
}

interface Peer {
  number: number;
  tab: Tab;
  id: PeerId | null;
  last: Snapshot | null;
  kill: { round: number; stage: Breakpoint } | null;
  killedAt: number | null;
  joinRound: number | null;
}

const LOOK_EVERY = 100;
/** A run is over when no device commits a round for this long, in milliseconds. */
const STALL = 120_000;

/**
 * N real tabs train together; what happens is told to `say` line by line. Never throws: a failure is in the report.
 * @param tasks whether the main threads are watched; where not, the longest task is null
 */
export async function runSwarm(options: SwarmOptions, say: (line: string) => void, stop: AbortSignal, { tasks = true } = {}): Promise<SwarmReport> {
  const peers: Peer[] = [];
  const tracing: { longest: { cpu: number | null; wall: number | null } } = { longest: { cpu: null, wall: null } };
  let error: string | null = null;
  try {
    await drive(options, peers, tasks ? tracing : null, say, stop);
  } catch (cause) {
    error = cause instanceof Error ? cause.message : String(cause);
  }
  return report(options, peers, tracing.longest, error);
}

async function drive(options: SwarmOptions, peers: Peer[], tracing: { longest: { cpu: number | null; wall: number | null } } | null, say: (line: string) => void, stop: AbortSignal): Promise<void> {
  const stage = await openStage();
  try {
    const link = `room=${randomBytes(32).toString("base64url")}`;
    const open = async (number: number, joinRound: number | null): Promise<void> => {
      const kill = options.kills.find(({ peer }) => peer === number) ?? null;
      const tab = await openTab(stage, { query: query(options, number), link });
      peers.push({ number, tab, id: null, last: null, kill, killedAt: null, joinRound });
    };
    const late = [...options.joins].sort((a, b) => a.round - b.round);
    for (let number = 1; number <= options.peers; number++) if (!late.some(({ peer }) => peer === number)) await open(number, null);
    say(`${peers.length} tabs are open`);
    await Promise.all(peers.map(press));
    const stopTracing = tracing && (await watchTasks(stage.browser));
    await Promise.all(peers.map(({ tab }) => markLoaded(tab.page)));

    let progressAt = Date.now();
    let told = 0;
    for (;;) {
      stop.throwIfAborted();
      for (const peer of peers) await look(peer, say);
      const committed = newest(peers);
      if (committed > told) {
        told = committed;
        progressAt = Date.now();
        say(progressLine(peers, told));
      }
      const due = late[0];
      if (due && told + 1 >= due.round) {
        late.shift();
        await open(due.peer, due.round);
        await press(peers.at(-1)!);
        say(`peer ${due.peer} joins in round ${due.round}`);
      }
      const staying = peers.filter(({ kill }) => kill === null);
      if (late.length === 0 && staying.every((peer) => finished(peer, options.rounds))) break;
      const failed = staying.find(({ last }) => last?.status === "failed");
      if (failed) throw new Error(`peer ${failed.number} failed: ${describe(failed.last!)}`);
      if (Date.now() - progressAt > STALL) throw new Error(`no round for ${STALL / 1000} s: ${staying.map(({ number, last }) => `peer ${number} ${last ? describe(last) : "unseen"}`).join("; ")}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
    if (tracing === null || stopTracing === null) return;
    // It is much to read, and slow to read beside tabs that train.
    await Promise.all(peers.flatMap(({ killedAt, tab }) => (killedAt === null ? [tab.page.evaluate(() => globalThis.hromada!.pause())] : [])));
    tracing.longest = await stopTracing();
  } finally {
    await stage.close();
  }
}

function query(options: SwarmOptions, number: number): Record<string, string> {
  const kill = options.kills.find(({ peer }) => peer === number);
  return {
    share: `${number - 1}/${options.peers}`,
    seed: String((options.seed * 1000 + number) % 2 ** 32),
    ...(options.alpha === null ? {} : { alpha: String(options.alpha) }),
    ...(options.backend === null ? {} : { backend: options.backend }),
    ...(options.steps === null ? {} : { steps: String(options.steps) }),
    ...(kill ? { break: `${kill.round}:${kill.stage}` } : {}),
  };
}

const press = async ({ tab }: Peer): Promise<void> => tab.page.locator("button.primary.large").click();

/** Takes a peer's state down, and ends its tab where it has to die. */
async function look(peer: Peer, say: (line: string) => void): Promise<void> {
  if (peer.killedAt !== null) return;
  peer.last = await peer.tab.snapshot();
  peer.id ??= peer.last.self;
  if (!peer.last.breakpointReached) return;
  peer.killedAt = Date.now();
  await peer.tab.kill();
  say(`peer ${peer.number} is killed in round ${peer.kill!.round}, ${peer.kill!.stage}`);
}

/** It has come as far as asked, with every round until then scored; later ones go on meanwhile. */
function finished({ last, joinRound }: Peer, asked: number): boolean {
  if (last === null || (last.rounds.at(-1)?.round ?? 0) < asked) return false;
  const scored = last.rounds.every(({ round, accuracy }) => round > asked || accuracy !== null);
  return scored && (joinRound === null || firstContribution(last) !== null);
}

const firstContribution = ({ rounds, self }: Snapshot): number | null => rounds.find(({ participants }) => self !== null && participants.includes(self))?.round ?? null;

const newest = (peers: readonly Peer[]): number => peers.reduce((most, { last }) => Math.max(most, ...(last?.rounds ?? []).filter(({ accuracy }) => accuracy !== null).map(({ round }) => round)), 0);

function progressLine(peers: readonly Peer[], round: number): string {
  const seen = peers.flatMap(({ last }) => last?.rounds.filter((entry) => entry.round === round) ?? []);
  const scored = seen.find(({ accuracy }) => accuracy !== null);
  return `round ${round}: accuracy ${((scored?.accuracy ?? 0) * 100).toFixed(2)} %, ${seen[0]?.participants.length ?? 0} devices, ${(seen[0]?.seconds ?? 0).toFixed(1)} s, model ${seen[0]?.modelHash.slice(0, 8) ?? ""}`;
}

function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** At least two devices say so, and all of them the same. */
const equal = (hashes: readonly string[]): boolean => hashes.length >= 2 && new Set(hashes).size === 1;

function report(options: SwarmOptions, peers: readonly Peer[], longest: { cpu: number | null; wall: number | null }, error: string | null): SwarmReport {
  const numberOf = new Map(peers.map(({ id, number }) => [id, number]));
  const staying = peers.filter(({ kill }) => kill === null);
  const rounds = Array.from({ length: options.rounds }, (_, i) => roundReport(i + 1, peers, numberOf));
  const last = rounds.at(-1)!;
  const seen = (peer: Peer): RoundRecord[] => peer.last?.rounds ?? [];
  const committed = staying.every((peer) => Array.from({ length: options.rounds }, (_, i) => i + 1).every((round) => peer.joinRound !== null || seen(peer).some((entry) => entry.round === round)));
  const oneModel = rounds.every(({ round }) => new Set(staying.flatMap((peer) => seen(peer).filter((entry) => entry.round === round).map(({ modelHash }) => modelHash))).size === 1);
  const left = peers.filter(({ kill }) => kill !== null).map((peer) => ({ peer: peer.number, ...peer.kill!, detectedSeconds: detected(peer, staying) }));
  const joined = peers.filter(({ joinRound }) => joinRound !== null).map((peer) => ({ peer: peer.number, round: peer.joinRound!, firstContribution: peer.last && firstContribution(peer.last) }));
  const happened = peers.every(({ kill, killedAt }) => kill === null || killedAt !== null) && joined.length === options.joins.length && joined.every((entry) => entry.firstContribution !== null);
  return {
    v: 1,
    command: `npm run swarm -- ${process.argv.slice(2).join(" ")}`.trim(),
    commit: commitOf(),
    task: options.task,
    peers: options.peers,
    seed: options.seed,
    backend: peers.find(({ last: snapshot }) => snapshot?.trainer)?.last?.trainer?.backend ?? options.backend,
    rounds,
    left,
    joined,
    final: { accuracy: last.accuracy, modelHash: last.modelHash, hashesEqual: last.hashesEqual, devices: staying.filter((peer) => seen(peer).some(({ round }) => round === options.rounds)).length },
    longestTaskMs: longest.cpu,
    longestTaskWallMs: longest.wall,
    ok: error === null && committed && oneModel && happened,
    error: error ?? (committed ? (oneModel ? (happened ? null : "a departure or a join did not come about") : "devices hold different models") : "a device that stayed did not commit every round"),
  };
}

function roundReport(round: number, peers: readonly Peer[], numberOf: ReadonlyMap<PeerId | null, number>): RoundReport {
  const entries = peers.flatMap(({ last }) => last?.rounds.filter((entry) => entry.round === round) ?? []);
  const hashes = entries.map(({ modelHash }) => modelHash);
  return {
    round,
    seconds: median(entries.map(({ seconds }) => seconds)),
    participants: (entries[0]?.participants ?? []).flatMap((id) => numberOf.get(id) ?? []).sort((a, b) => a - b),
    accuracy: median(entries.map(({ accuracy }) => accuracy)),
    loss: median(entries.map(({ loss }) => loss)),
    modelHash: hashes[0] ?? null,
    hashesEqual: equal(hashes),
    bytesUp: median(entries.map(({ bytesUp }) => bytesUp)),
    bytesDown: median(entries.map(({ bytesDown }) => bytesDown)),
    retries: entries.length > 0 ? Math.max(...entries.map(({ retries }) => retries)) : null,
  };
}

/** How long after its death the last of the others had noticed; null where it was in nobody's view. */
function detected({ id, killedAt }: Peer, staying: readonly Peer[]): number | null {
  const times = staying.flatMap(({ last }) => last?.departures.filter(({ peer }) => peer === id).slice(0, 1).map(({ at }) => at) ?? []);
  return killedAt === null || times.length === 0 ? null : Math.max(0, Math.max(...times) - killedAt) / 1000;
}

function commitOf(): string | null {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null; // an unpacked archive has no history
  }
}
