/** The service worker: the page opens without a network, and what was needed once is kept. Built by vite-plugin-pwa. */
import { clientsClaim } from "workbox-core";
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { CacheFirst, NetworkFirst } from "workbox-strategies";
import { DATA_CACHE, isOwnPart, isLater, isShell, KEEP, PARTS_CACHE, SHARE_PATH, SHARED_CACHE, TAKE_OVER } from "../../app/kept-parts.ts";
import { keepShared } from "../../app/shared-files.ts";

/** What is used of a service worker's scope; the page's own types have none. */
interface Scope {
  readonly __WB_MANIFEST: { url: string; revision: string | null }[];
  readonly registration: { scope: string };
  skipWaiting(): Promise<void>;
  addEventListener(type: "message", listener: (event: ExtendableEvent & { data: unknown }) => void): void;
  addEventListener(type: "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: ExtendableEvent & { request: Request; respondWith(response: Promise<Response>): void }) => void): void;
}
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
declare const self: Scope;

/** Data packs come from the network where it answers within this time, in seconds. */
const NETWORK_TIMEOUT = 8;

const built = self.__WB_MANIFEST;
const here = (path: string): URL => new URL(path, self.registration.scope);

// Before Workbox's own listener: a form that is posted is no page.
self.addEventListener("fetch", (event) => {
  if (event.request.method !== "POST" || new URL(event.request.url).pathname !== here(SHARE_PATH).pathname) return;
  event.respondWith(
    keepShared(event.request, () => caches.open(SHARED_CACHE)).then(() => Response.redirect(here("./?page=data&shared=1").href, 303)),
  );
});

cleanupOutdatedCaches();
self.addEventListener("activate", (event) => event.waitUntil(forgetOldParts()));
precacheAndRoute(built.filter(({ url }) => isShell(url)), { ignoreURLParametersMatching: [/.*/] });
registerRoute(new NavigationRoute(createHandlerBoundToURL("index.html"), { denylist: [/^\/(health|signal|bench\.html|share)/] }));

// Named by their content. The address counts as a whole: a worker's policy depends on its query (tools/headers.ts).
registerRoute(({ url, sameOrigin }) => sameOrigin && /\/assets\//.test(url.pathname), new CacheFirst({ cacheName: PARTS_CACHE, matchOptions: { ignoreVary: true } }));
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && /\/(data|icons)\/|\.webmanifest$/.test(url.pathname),
  new NetworkFirst({ cacheName: DATA_CACHE, networkTimeoutSeconds: NETWORK_TIMEOUT, matchOptions: { ignoreVary: true } }),
);

/** Those that this version was not built with. */
async function forgetOldParts(): Promise<void> {
  const cache = await caches.open(PARTS_CACHE);
  const own = new Set(built.map(({ url }) => here(url).pathname));
  const old = (await cache.keys()).filter(({ url }) => !own.has(new URL(url).pathname));
  await Promise.all(old.map((request) => cache.delete(request)));
}

/** @param cache `only-if-cached` copies what the browser has fetched before this worker was there, and fetches nothing for it */
async function keepParts(urls: readonly string[], cacheMode: RequestCache = "only-if-cached"): Promise<void> {
  const cache = await caches.open(PARTS_CACHE);
  for (const url of urls) {
    if (await cache.match(url, { ignoreVary: true })) continue;
    const response = await fetch(url, { cache: cacheMode, mode: "same-origin" }).catch(() => null); // not fetched so far, or no network
    if (response?.ok) await cache.put(url, response);
  }
}

self.addEventListener("message", (event) => {
  const message = event.data as { type?: unknown; urls?: unknown } | null;
  if (message?.type === TAKE_OVER) return event.waitUntil(self.skipWaiting());
  if (message?.type !== KEEP || !Array.isArray(message.urls)) return;
  const asked = message.urls.filter((url): url is string => typeof url === "string" && isOwnPart(url, self.registration.scope));
  const parts = built.filter(({ url }) => !isShell(url));
  const addresses = (list: typeof built): string[] => list.map(({ url }) => here(url).href);
  event.waitUntil(keepParts([...asked, ...addresses(parts)]).then(() => keepParts(addresses(parts.filter(({ url }) => isLater(url))), "default")));
});

clientsClaim();
