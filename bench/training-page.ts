/** Runs in Chromium, built by training.ts: one model on one backend in a fresh page. */
import { measure } from "./training-measure.ts";
import { measureThreads } from "./training-threads.ts";

Object.assign(globalThis, { measure, measureThreads });
