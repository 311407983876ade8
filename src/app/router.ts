import { signal } from "@preact/signals";

/** Pages in the order of the navigation; `style` exists in development only. */
export const PAGE_NAMES = ["contribute", "tasks", "data", "models", "sent", "settings", "style"] as const;
export type PageName = (typeof PAGE_NAMES)[number];

/** What is needed of `window.location`. */
interface Address {
  pathname: string;
  search: string;
  hash: string;
}

/** The page that is shown. */
export const page = signal<PageName>("contribute");

/** The page that an address names; the first page where it names none that is known. */
export function pageOf(search: string): PageName {
  const named = new URLSearchParams(search).get("page");
  return PAGE_NAMES.find((name) => name === named) ?? "contribute";
}

/** A page's address: only `?page=` differs, so the room's secret in the fragment and all options stay. */
export function pageHref(name: PageName, { pathname, search, hash }: Address = location): string {
  const query = new URLSearchParams(search);
  query.delete("page");
  if (name !== "contribute") query.set("page", name);
  const text = query.toString();
  return pathname + (text === "" ? "" : `?${text}`) + hash;
}

/** Shows another page without a reload, so whatever trains goes on. */
export function goToPage(name: PageName): void {
  if (name === page.value) return;
  history.pushState(null, "", pageHref(name));
  page.value = name;
}

/** Follows the address, and the browser's back and forward. */
export function startRouter(target: Pick<Window, "addEventListener"> = window): void {
  page.value = pageOf(location.search);
  target.addEventListener("popstate", () => void (page.value = pageOf(location.search)));
}
