import type { Backend } from "../learn/trainer.ts";
import type { TextStore } from "./local-store.ts";

/** What a person may want to train on; `auto`: the fastest of a short trial. */
export const ENGINES = ["auto", "webgpu", "wasm", "cpu"] as const satisfies readonly (Backend | "auto")[];
export type Engine = (typeof ENGINES)[number];

const KEY = "engine";

export const keptEngine = (store: TextStore): Engine => ENGINES.find((engine) => engine === store.read(KEY)) ?? "auto";

export const keepEngine = (store: TextStore, engine: Engine): void => store.write(KEY, engine);
