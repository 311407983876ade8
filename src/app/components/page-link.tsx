import type { ComponentChildren } from "preact";
import { goToPage, page, pageHref, type PageName } from "../router.ts";

/** A press with a modifier, or another button than the first, is the browser's: another tab, a download. */
const isPlain = (event: MouseEvent): boolean => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

/** Follows a link to a page of this app without a reload. */
export function PageLink({ to, class: name, children }: { to: PageName; class?: string; children: ComponentChildren }) {
  const follow = (event: MouseEvent): void => {
    if (!isPlain(event)) return;
    event.preventDefault();
    goToPage(to);
  };
  return (
    <a href={pageHref(to)} class={name ?? ""} aria-current={page.value === to ? "page" : undefined} onClick={follow}>
      {children}
    </a>
  );
}
