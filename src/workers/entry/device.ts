/**
 * Starts the device worker. Its own address has a query, which its policy depends on (app/device.ts); chunks that are
 * loaded later import each other by their bare addresses, and a module under two addresses would run twice. So this
 * script imports nothing statically and shares nothing. What the page says meanwhile waits.
 */
const early: MessageEvent[] = [];
const wait = (event: Event): void => {
  event.stopImmediatePropagation();
  early.push(event as MessageEvent);
};
addEventListener("message", wait);

import("./device-main.ts").then(
  () => {
    removeEventListener("message", wait);
    for (const { data, ports } of early) dispatchEvent(new MessageEvent("message", { data: data as unknown, ports: [...ports] }));
  },
  // Reported as the worker's error, which the page waits for.
  (cause: unknown) => setTimeout(() => { throw cause; }),
);

export {};
