import type { Missing } from "./capabilities.ts";
import { Header } from "./components/header.tsx";
import { Unsupported } from "./components/unsupported.tsx";
import { messages } from "./i18n.ts";
import type { TextStore } from "./local-store.ts";
import { Contribute } from "./pages/contribute.tsx";
import type { Session } from "./session.ts";

/** Moves the focus without touching the fragment, which names the room. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** @param session null in a browser that cannot take part; `missing` then says why */
export function App(props: { session: Session | null; missing: Missing[]; store: TextStore }) {
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        {messages.value.skip}
      </a>
      <Header session={props.session} store={props.store} />
      <main id="main" tabIndex={-1}>
        {props.session === null ? <Unsupported missing={props.missing} /> : <Contribute session={props.session} />}
      </main>
    </>
  );
}
