import type { ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Missing } from "./capabilities.ts";
import { Announcer } from "./components/announcer.tsx";
import { Header } from "./components/header.tsx";
import { Nav } from "./components/nav.tsx";
import { PageView } from "./components/page-view.tsx";
import { Unsupported } from "./components/unsupported.tsx";
import { UpdateBar } from "./components/update-bar.tsx";
import { messages } from "./i18n.ts";
import type { TextStore } from "./local-store.ts";
import { page } from "./router.ts";
import type { Session } from "./session.ts";
import type { UpdateOffer } from "./update.ts";

/** Moves the focus without touching the fragment, which names the room. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Another page begins at its top, and is read out from there. */
function useArrival(): void {
  const shown = useRef(page.value);
  useEffect(() => {
    if (shown.current === page.value) return;
    shown.current = page.value;
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [page.value]);
}

/** @param session null in a browser that cannot take part; `missing` then says why */
export function App({ session, missing, store, update }: { session: Session | null; missing: Missing[]; store: TextStore; update: ReadonlySignal<UpdateOffer> }) {
  useArrival();
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        {messages.value.skip}
      </a>
      <Header session={session} store={store} />
      {session !== null && <Nav session={session} />}
      <main id="main" tabIndex={-1}>
        <UpdateBar offer={update} />
        {session === null ? (
          <Unsupported missing={missing} />
        ) : (
          <>
            <Announcer session={session} />
            <PageView session={session} store={store} />
          </>
        )}
      </main>
    </>
  );
}
