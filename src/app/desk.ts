import type { Desk } from "../device/desk/api.ts";
import { connectDesk } from "../device/desk/remote.ts";

let opening: Promise<{ desk: Desk; where: Awaited<ReturnType<Desk["open"]>> }> | null = null;

/** The desk of this tab's slot, on a worker that is started when it is first needed. A failed start may be tried again. */
export function openDesk(slot: number): NonNullable<typeof opening> {
  opening ??= start(slot).catch((cause: unknown) => {
    opening = null;
    throw cause;
  });
  return opening;
}

async function start(slot: number) {
  const worker = new Worker(new URL("../workers/entry/desk.ts", import.meta.url), { type: "module", name: "desk" });
  const gone = new AbortController();
  worker.addEventListener("error", ({ message }) => gone.abort(new Error(message || "the worker that reads files could not be loaded; check the connection and try again")));
  const desk = connectDesk(worker, gone.signal);
  return { desk, where: await desk.open(slot) };
}
