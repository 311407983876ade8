import { parseArgs } from "node:util";
import { type Breakpoint, BREAKPOINTS } from "../../src/device/api.ts";


export interface SwarmOptions {
  peers: number;
  task: string;
  rounds: number;
  seed: number;
  backend: "webgpu" | "wasm" | "cpu" | null;
  /** Dirichlet concentration of the labels over the peers; null: even shares. */
  alpha: number | null;
  steps: number | null;
  kills: { peer: number; round: number; stage: Breakpoint }[];
  joins: { peer: number; round: number }[];
  json: boolean;
}

/** The command was not understood; its message says how it is used. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const USAGE = `npm run swarm -- --peers N [--task digits] [--rounds R] [--seed N] [--backend webgpu|wasm|cpu] [--alpha A]
                [--steps H] [--kill PEER@ROUND:STAGE]… [--join PEER@ROUND]… [--json]
PEER counts from 1; STAGE is ${BREAKPOINTS.join(", ")}.`;

const TASKS = ["digits"];
const BACKENDS = ["webgpu", "wasm", "cpu"] as const;

function whole(text: string, what: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) throw new UsageError(`${what} is a whole number from ${min} to ${max}, not ${text}`);
  return value;
}

/** @throws UsageError */
export function swarmOptions(args: readonly string[]): SwarmOptions {
  const { values } = parse(args);
  const peers = whole(values.peers ?? "4", "--peers", 1, 15);
  const rounds = whole(values.rounds ?? "10", "--rounds", 1, 10_000);
  const task = values.task ?? "digits";
  if (!TASKS.includes(task)) throw new UsageError(`--task is one of ${TASKS.join(", ")}, not ${task}`);
  const backend = values.backend === undefined ? null : BACKENDS.find((name) => name === values.backend);
  if (backend === undefined) throw new UsageError(`--backend is one of ${BACKENDS.join(", ")}, not ${values.backend}`);
  const alpha = values.alpha === undefined ? null : Number(values.alpha);
  if (alpha !== null && !(alpha > 0 && alpha <= 1e6)) throw new UsageError(`--alpha is a number above 0, not ${values.alpha}`);

  const kills = (values.kill ?? []).map((text) => {
    const [, peer, round, name] = /^(\d+)@(\d+):(\w+)$/.exec(text) ?? [];
    const stage = BREAKPOINTS.find((known) => known === name);
    if (peer === undefined || round === undefined || stage === undefined) throw new UsageError(`--kill takes PEER@ROUND:STAGE, not ${text}`);
    return { peer: whole(peer, "PEER", 1, peers), round: whole(round, "ROUND", 1, rounds), stage };
  });
  const joins = (values.join ?? []).map((text) => {
    const [, peer, round] = /^(\d+)@(\d+)$/.exec(text) ?? [];
    if (peer === undefined || round === undefined) throw new UsageError(`--join takes PEER@ROUND, not ${text}`);
    return { peer: whole(peer, "PEER", 1, peers), round: whole(round, "ROUND", 1, rounds) };
  });
  const twice = [kills, joins].some((list) => new Set(list.map(({ peer }) => peer)).size < list.length);
  if (twice) throw new UsageError("a peer is killed or joins at most once");
  if (joins.length >= peers) throw new UsageError("one peer at least has to be there from the start");
  return {
    peers,
    task,
    rounds,
    seed: whole(values.seed ?? "1", "--seed", 0, 0xffffffff),
    backend,
    alpha,
    steps: values.steps === undefined ? null : whole(values.steps, "--steps", 1, 10_000),
    kills,
    joins,
    json: values.json ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        peers: { type: "string" },
        task: { type: "string" },
        rounds: { type: "string" },
        seed: { type: "string" },
        backend: { type: "string" },
        alpha: { type: "string" },
        steps: { type: "string" },
        kill: { type: "string", multiple: true },
        join: { type: "string", multiple: true },
        json: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
