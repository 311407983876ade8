import type { Snapshot } from "../device/api.ts";
import type { Trouble } from "./troubles.ts";

/** What the page can see of its browser. */
export interface Surroundings {
  userAgent: string;
  cores: number;
  /** GiB, rounded by the browser; null where it does not tell. */
  memory: number | null;
  isolated: boolean;
  online: boolean;
  installed: boolean;
  serviceWorker: string;
  gpu: { vendor: string; architecture: string } | null;
  storage: { used: number | null; quota: number | null; lasting: boolean };
}

/**
 * What helps to find a fault, and nothing of the person: no data and no names of data, no keys, no ids, no
 * addresses. Everything is named here; nothing is copied as a whole.
 */
export function diagnostics(build: { version: string; commit: string }, around: Surroundings, snapshot: Snapshot | null, troubles: readonly Trouble[], seconds: number) {
  return {
    format: "hromada-diagnostics/1",
    app: { ...build, openFor: seconds },
    browser: around,
    device: snapshot && {
      status: snapshot.status,
      engine: snapshot.trainer && { backend: snapshot.trainer.backend, threads: snapshot.trainer.threads, trial: snapshot.trainer.trial, atOnce: snapshot.trainer.atOnce },
      parameters: snapshot.task.parameters,
      samples: snapshot.trainer?.samples ?? null,
      step: snapshot.batch && { of: snapshot.batch.steps, samplesPerSecond: Math.round(snapshot.batch.samplesPerSecond) },
      care: snapshot.care,
      lasting: snapshot.keys.lasting,
      lent: snapshot.library.lends,
    },
    links: snapshot && {
      server: snapshot.signal,
      linked: snapshot.peers.filter(({ reach }) => reach === "linked").length,
      relayed: snapshot.peers.filter(({ reach }) => reach === "relayed").length,
      dialling: snapshot.peers.filter(({ reach }) => reach === "dialling").length,
      left: snapshot.departures.length,
      bytesUp: snapshot.bytesUp,
      bytesDown: snapshot.bytesDown,
      refused: snapshot.refusals,
    },
    rounds: snapshot && {
      at: snapshot.round,
      phase: snapshot.phase,
      done: snapshot.rounds.length,
      last: snapshot.rounds.slice(-10).map(({ round, seconds: took, devices, retries }) => ({ round, seconds: Math.round(took * 10) / 10, devices, retries })),
    },
    troubles,
  };
}

type MaybeGpu = { gpu?: { requestAdapter(): Promise<{ info?: { vendor?: string; architecture?: string } } | null> }; deviceMemory?: number; standalone?: boolean };

/** Asks the browser. */
export async function lookAround(): Promise<Surroundings> {
  const more = navigator as unknown as MaybeGpu;
  const storage = navigator.storage as StorageManager | undefined;
  const [adapter, estimate, lasting, registration] = await Promise.all([
    more.gpu?.requestAdapter().catch(() => null),
    storage?.estimate?.().catch(() => null),
    storage?.persisted?.().catch(() => false),
    navigator.serviceWorker?.getRegistration().catch(() => undefined),
  ]);
  return {
    userAgent: navigator.userAgent,
    cores: navigator.hardwareConcurrency,
    memory: more.deviceMemory ?? null,
    isolated: crossOriginIsolated,
    online: navigator.onLine,
    installed: matchMedia("(display-mode: standalone)").matches,
    serviceWorker: registration?.waiting ? "waiting" : (registration?.active?.state ?? "none"),
    gpu: adapter ? { vendor: adapter.info?.vendor ?? "", architecture: adapter.info?.architecture ?? "" } : null,
    storage: { used: estimate?.usage ?? null, quota: estimate?.quota ?? null, lasting: lasting ?? false },
  };
}
