import type { ComponentType } from "preact";
import type { TextStore } from "./local-store.ts";
import { Contribute } from "./pages/contribute.tsx";
import { PAGE_NAMES, type PageName } from "./router.ts";
import type { Session } from "./session.ts";

/** What every page is given. */
export interface PageProps {
  session: Session;
  store: TextStore;
}

export type PageComponent = ComponentType<PageProps>;

/** The first page is here at once; the others come when they are first opened. A page that is not here has no link. */
const LATER: Partial<Record<PageName, () => Promise<PageComponent>>> = {
  tasks: async () => (await import("./pages/tasks.tsx")).Tasks,
  data: async () => (await import("./pages/data.tsx")).Data,
  models: async () => (await import("./pages/models.tsx")).Models,
  sent: async () => (await import("./pages/sent.tsx")).Sent,
  settings: async () => (await import("./pages/settings.tsx")).Settings,
  ...(import.meta.env.DEV && { style: async () => (await import("./pages/style.tsx")).Style }),
};

const loaded = new Map<PageName, PageComponent>([["contribute", Contribute]]);

export const pageNames: readonly PageName[] = PAGE_NAMES.filter((name) => loaded.has(name) || name in LATER);

/** A page whose code is here, else null. */
export const loadedPage = (name: PageName): PageComponent | null => loaded.get(name) ?? null;

/** Fetches a page's code. @throws where it cannot be had: neither kept by the browser nor within reach */
export async function loadPage(name: PageName): Promise<PageComponent> {
  const page = loaded.get(name) ?? (await (LATER[name] ?? (async () => Contribute))());
  loaded.set(name, page);
  return page;
}
