/** What page and service worker agree on. */

/** Files that somebody shared, until the Data page takes them. */
export const SHARED_CACHE = "hromada-shared";
/** Engines and data, kept once they were needed. */
export const PARTS_CACHE = "hromada-parts";
export const DATA_CACHE = "hromada-parts-data";
/** Where the manifest's share target posts to. */
export const SHARE_PATH = "share";

/** Messages to the service worker: take over from the old one; keep what was fetched before there was one. */
export const TAKE_OVER = "SKIP_WAITING";
export const KEEP = "KEEP";

/** The shell: what the first page needs before anything heavy, and all styles (vite.config.ts names the files). */
export const isShell = (url: string): boolean => /^(index\.html|assets\/((index|app|modulepreload-polyfill)-.*|(?!bench).*\.css)|icons\/.*\.svg)$/.test(url);

/** Small, and of use without a network though it may not have been needed so far: other pages, and what reads a person's files. */
export const isLater = (url: string): boolean => /^assets\/(later|desk)-.*\.js$/.test(url);

/** Part of this app and of no other. */
export function isOwnPart(url: string, scope: string): boolean {
  return URL.canParse(url) && url.startsWith(`${scope}assets/`);
}
