/** What a worker that waits is told to take over; Workbox's generated one listens for it. */
const TAKE_OVER = { type: "SKIP_WAITING" };

/**
 * Registers the worker that keeps the page's shell, so that it can be installed and opens without a network.
 * A new version takes over at once, and `onReplaced` then runs: a page that is in the middle of something goes
 * on as it is, since all of it is loaded, and gets the new version with its next reload.
 */
export async function registerServiceWorker(container: ServiceWorkerContainer, url: string, onReplaced: () => void): Promise<void> {
  // The first worker ever replaces nothing.
  if (container.controller !== null) container.addEventListener("controllerchange", onReplaced, { once: true });
  try {
    const registration = await container.register(url);
    registration.waiting?.postMessage(TAKE_OVER);
    registration.addEventListener("updatefound", () => {
      const { installing } = registration;
      installing?.addEventListener("statechange", () => void (installing.state === "installed" && installing.postMessage(TAKE_OVER)));
    });
  } catch (cause) {
    // Refused by the browser's settings or by a certificate that is not trusted: the page works without it.
    console.warn("this browser keeps no copy of the page for use without a network:", cause);
  }
}
