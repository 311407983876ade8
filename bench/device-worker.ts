/** Measures one model on one engine, says how it went, and is then ended by the page. */
import type { Measurement } from "./device-plan.ts";
import { measure, type Measured } from "./training-measure.ts";

export type Answer = { measured: Measured } | { why: string };

self.addEventListener("message", ({ data }: MessageEvent<Measurement & { milliseconds: number }>) => {
  void measure(data.engine, data.trial, data.milliseconds)
    .then((measured): Answer => ({ measured }), (error: unknown): Answer => ({ why: error instanceof Error ? error.message : String(error) }))
    .then((answer) => self.postMessage(answer));
});
