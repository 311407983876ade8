import { BREAKPOINTS, type DeviceOptions } from "../device/api.ts";
import type { DataChoice } from "../learn/trainer.ts";
import { LinkError, parseJoinLink } from "./join-link.ts";
import type { TextStore } from "./local-store.ts";

/** What is needed of `window.location`. */
export interface Address {
  protocol: string;
  host: string;
  search: string;
  hash: string;
}

/** Shares that the built-in digits are cut into when nothing else is said. */
export const DEFAULT_SHARES = 16;

const BACKENDS = ["webgpu", "wasm", "cpu"] as const;

const bad = (key: string, wanted: string): never => {
  throw new LinkError("option", `?${key}= takes ${wanted}`);
};

const whole = (text: string, key: string, min: number, max: number): number => {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : bad(key, `a whole number from ${min} to ${max}`);
};

function breakpoint(text: string): NonNullable<DeviceOptions["breakpoint"]> {
  const [round = "", name, ...rest] = text.split(":");
  const stage = BREAKPOINTS.find((known) => known === name);
  if (stage === undefined || rest.length > 0) return bad("break", `ROUND:STAGE, with one of ${BREAKPOINTS.join(", ")}`);
  return { round: whole(round, "break", 0, 1e9), stage };
}

function auditing(text: string): NonNullable<DeviceOptions["audits"]> {
  const [kind, oneOf = "", ...rest] = text.split("/");
  if ((kind !== "shown" && kind !== "rerun") || rest.length > 0) return bad("audits", "shown/N or rerun/N");
  return { kind: kind === "rerun" ? kind : true, oneOf: whole(oneOf, "audits", 1, 1_000) };
}

function cutting(text: string): NonNullable<DeviceOptions["nodes"]> {
  const [room = "", node = "", speakers = "", ...rest] = text.split("x");
  if (rest.length > 0) return bad("nodes", "ROOMxNODExSPEAKERS");
  return { roomGroups: whole(room, "nodes", 1, 20), nodeGroups: whole(node, "nodes", 1, 20), speakers: whole(speakers, "nodes", 3, 24) };
}

/**
 * The device's options from the page's address. The fragment is the join link; these query parameters serve
 * tests and `npm run swarm`: `task` (a name, or a hash as a task's link has it), `backend`, `threads`, `degree`, `seed`, `steps`, `epoch` (rounds), `group` (devices), `nodes=ROOMxNODExSPEAKERS` (groups of a room of one node, of a node, and who speaks for one), `privacy` (ε), `audits=shown/N` or `rerun/N` (one update of N), `break=ROUND:STAGE`, `record=1`.
 * @throws LinkError
 */
export function deviceOptions(address: Address, slot: number): DeviceOptions {
  const query = new URLSearchParams(address.search);
  const options: DeviceOptions = { slot, room: parseJoinLink(address.hash, address) };
  const backend = query.get("backend");
  if (backend !== null) options.backend = BACKENDS.find((name) => name === backend) ?? bad("backend", BACKENDS.join(", "));
  const threads = query.get("threads");
  if (threads !== null) options.threads = whole(threads, "threads", 1, 8);
  const degree = query.get("degree");
  if (degree !== null) options.degree = whole(degree, "degree", 1, 24);
  const seed = query.get("seed");
  if (seed !== null) options.seed = whole(seed, "seed", 0, 0xffff_ffff);
  const task = query.get("task");
  if (task !== null) options.task = /^([a-z][a-z0-9-]{0,39}|[0-9a-f]{64})$/.test(task) ? task : bad("task", "the name or the hash of a task");
  const steps = query.get("steps");
  if (steps !== null) options.localSteps = whole(steps, "steps", 1, 100_000);
  const epoch = query.get("epoch");
  if (epoch !== null) options.epochRounds = whole(epoch, "epoch", 1, 100_000);
  const group = query.get("group");
  if (group !== null) options.groupSize = whole(group, "group", 3, 8);
  const nodes = query.get("nodes");
  if (nodes !== null) options.nodes = cutting(nodes);
  const privacy = query.get("privacy");
  if (privacy !== null) options.privacy = whole(privacy, "privacy", 1, 100);
  const audits = query.get("audits");
  if (audits !== null) options.audits = auditing(audits);
  const stop = query.get("break");
  if (stop !== null) options.breakpoint = breakpoint(stop);
  if (query.get("record") === "1") options.record = true;
  return options;
}

/**
 * The data that the address asks for, or null when it leaves the choice to the person: `share=K/N` with K from 0,
 * `alpha=` (Dirichlet concentration, above 0) and `labels=0,1,2`.
 * @throws LinkError
 */
export function dataChoice(address: Pick<Address, "search">): DataChoice | null {
  const query = new URLSearchParams(address.search);
  const share = query.get("share");
  const alpha = query.get("alpha");
  const labels = query.get("labels");
  if (share === null && alpha === null && labels === null) return null;
  const [part = "", of = "", ...rest] = (share ?? `0/${DEFAULT_SHARES}`).split("/");
  if (rest.length > 0) return bad("share", "K/N, with K from 0 to N − 1");
  const shares = whole(of, "share", 1, 10_000);
  const choice: DataChoice = { kind: "share", share: whole(part, "share", 0, shares - 1), shares };
  if (alpha !== null) {
    const value = /^\d+(\.\d+)?$/.test(alpha) ? Number(alpha) : NaN;
    choice.alpha = value > 0 && value <= 1e6 ? value : bad("alpha", "a number above 0");
  }
  if (labels !== null) {
    const list = labels.split(",").map((label) => whole(label, "labels", 0, 9));
    choice.labels = [...new Set(list)].sort((a, b) => a - b);
  }
  return choice;
}

/** `auto=1`: take part without a press, as `npm run swarm` does. */
export const joinsAtOnce = (address: Pick<Address, "search">): boolean => new URLSearchParams(address.search).get("auto") === "1";

/** This slot's share of the built-in digits: drawn once, then kept, so that a device holds the same data on every visit. */
export function ownShare(slot: number, store: TextStore, random: () => number = () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0): number {
  const kept = store.read(`${slot}.share`);
  if (kept !== null && /^\d{1,2}$/.test(kept) && Number(kept) < DEFAULT_SHARES) return Number(kept);
  const drawn = random() % DEFAULT_SHARES;
  store.write(`${slot}.share`, String(drawn));
  return drawn;
}
