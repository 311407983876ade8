import { messages } from "../i18n.ts";
import { pageNames } from "../pages.ts";
import { page } from "../router.ts";
import type { Session } from "../session.ts";
import { Icon } from "./icon.tsx";
import { PageLink } from "./page-link.tsx";

/** A rail beside the page, or a bar under it on a phone. */
export function Nav({ session }: { session: Session }) {
  const text = messages.value.nav;
  const status = session.snapshot.value?.status ?? "idle";
  return (
    <nav class="nav" aria-label={text.label}>
      <ul>
        {pageNames.map((name) => (
          <li key={name}>
            <PageLink to={name} class="nav-link">
              <Icon name={name} />
              <span>{text[name]}</span>
              {name === "contribute" && status !== "idle" && page.value !== name && <span class="nav-dot" data-status={status} />}
            </PageLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
