import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { KEEP, TAKE_OVER } from "./kept-parts.ts";

/** A new version waits, or has taken over in another tab while this page is still of the old one. */
const waiting = signal<"none" | "waiting" | "replaced">("none");
const putOff = signal(false);
let registered: ServiceWorkerRegistration | null = null;

/** Whether a copy of the page is kept. */
export const offlineReady = signal(false);

/** A new version is asked about again at most this often, in milliseconds: when the page is looked at. */
const CHECK_EVERY = 3_600_000;

/** What the bar says; null: nothing to say. */
export type UpdateOffer = "ready" | "after-training" | null;

/** @param busy whether anything is under way that a reload would interrupt */
export const updateOffer = (busy: ReadonlySignal<boolean>): ReadonlySignal<UpdateOffer> =>
  computed(() => (waiting.value === "none" || putOff.value ? null : busy.value ? "after-training" : "ready"));

/** Until the page is loaded again, or yet another version comes. */
export function putUpdateOff(): void {
  putOff.value = true;
}

/** Lets the new version take over; the page then loads anew. */
export function update(): void {
  if (registered?.waiting) registered.waiting.postMessage({ type: TAKE_OVER });
  else location.reload();
}

/** What the engine was loaded from is kept, though there was no service worker yet when it was. @param urls also these, whose addresses only the page knows */
export async function keepParts(container: ServiceWorkerContainer, urls: readonly string[]): Promise<void> {
  const { active } = await container.ready;
  active?.postMessage({ type: KEEP, urls });
}

/**
 * Registers the worker that keeps the page's shell, so that it can be installed and opens without a network. A new
 * version waits until the person lets it in; nothing that is under way is ever interrupted.
 * @param busy as of `updateOffer`
 */
export async function registerServiceWorker(container: ServiceWorkerContainer, url: string, busy: ReadonlySignal<boolean>): Promise<void> {
  // The first worker ever replaces nothing.
  let controlled = container.controller !== null;
  container.addEventListener("controllerchange", () => {
    if (!controlled) return void (controlled = true);
    if (busy.peek()) waiting.value = "replaced";
    else location.reload();
  });
  try {
    const registration = (registered = await container.register(url));
    const offer = (): void => {
      if (registration.waiting === null || container.controller === null) return;
      putOff.value = false;
      waiting.value = "waiting";
    };
    offer();
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
    void container.ready.then(() => void (offlineReady.value = true));
    let checkedAt = Date.now();
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible" || Date.now() - checkedAt < CHECK_EVERY) return;
      checkedAt = Date.now();
      registration.update().catch((cause: unknown) => console.info("no word of a new version:", cause));
    });
  } catch (cause) {
    // Refused by the browser's settings or by a certificate that is not trusted: the page works without it.
    console.warn("this browser keeps no copy of the page for use without a network:", cause);
  }
}
