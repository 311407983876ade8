import { effect } from "@preact/signals";
import { scrub } from "./scrub.ts";
import type { Session } from "./session.ts";

/** One thing that went wrong; its text is scrubbed before it is kept. */
export interface Trouble {
  /** Seconds since the page was opened. */
  at: number;
  code: string;
  detail: string;
}

/** So many of the last ones are kept. */
const KEPT = 20;

const list: Trouble[] = [];

export const troubles = (): readonly Trouble[] => list;

function note(code: string, detail: string): void {
  const last = list.at(-1);
  const safe = scrub(detail);
  if (last?.code === code && last.detail === safe) return;
  list.push({ at: Math.round(performance.now() / 1_000), code, detail: safe });
  if (list.length > KEPT) list.shift();
}

/** Remembers what goes wrong on the page and in the device, for the diagnostics. */
export function watchTroubles(session: Pick<Session, "snapshot" | "problem">, target: Pick<Window, "addEventListener">): void {
  target.addEventListener("error", (event) => note("uncaught", event.message));
  target.addEventListener("unhandledrejection", ({ reason }) => note("unhandled", reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason)));
  effect(() => {
    const problem = session.snapshot.value?.error ?? session.problem.value;
    if (problem !== null) note(problem.code, problem.detail);
  });
}
