import type { Backend } from "../learn/trainer.ts";
import type { TextStore } from "./local-store.ts";

/** What a person may want to train on; `auto`: the fastest of a short trial. */
export const ENGINES = ["auto", "webgpu", "wasm", "cpu"] as const satisfies readonly (Backend | "auto")[];
export type Engine = (typeof ENGINES)[number];

/** Threads that a person may want on WASM; `auto`: as the trial says. */
export const THREADS = ["auto", "1", "2", "4"] as const;
export type Threads = (typeof THREADS)[number];

const KEY = "engine";
const THREADS_KEY = "threads";

export const keptEngine = (store: TextStore): Engine => ENGINES.find((engine) => engine === store.read(KEY)) ?? "auto";

export const keepEngine = (store: TextStore, engine: Engine): void => store.write(KEY, engine);

export const keptThreads = (store: TextStore): Threads => THREADS.find((threads) => threads === store.read(THREADS_KEY)) ?? "auto";

export const keepThreads = (store: TextStore, threads: Threads): void => store.write(THREADS_KEY, threads);
