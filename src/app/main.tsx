import { render } from "preact";
import type { Device, Room } from "../device/api.ts";
import { App } from "./app.tsx";
import { missing, probe } from "./capabilities.ts";
import type { Choice } from "./choice.ts";
import { startDevice } from "./device.ts";
import { startLanguage } from "./i18n.ts";
import { parseJoinLink } from "./join-link.ts";
import { textStore } from "./local-store.ts";
import { dataChoice, deviceOptions, joinsAtOnce } from "./options.ts";
import { registerServiceWorker } from "./service-worker.ts";
import { createSession, type Session } from "./session.ts";
import { claimSlot } from "./slot.ts";
import { startTheme } from "./theme.ts";

declare global {
  /** The device of this page, the same object that the page uses: for the console and for test drivers. */
  var hromada: Device | undefined;
}

const store = textStore(() => localStorage);
startTheme(store, document.documentElement);
startLanguage(store, navigator.languages, document.documentElement);

/** The room and data that the address asks for; a broken address stops the device, and the page says why. */
function readAddress(): { room: Room | null; given: Choice | null; wrong: unknown } {
  try {
    const data = dataChoice(location);
    return { room: parseJoinLink(location.hash, location), given: data === null ? null : { kind: "given", data }, wrong: null };
  } catch (wrong) {
    return { room: null, given: null, wrong };
  }
}

function startSession(): Session {
  const { room, given, wrong } = readAddress();
  const session = createSession({
    slot: claimSlot(navigator.locks, textStore(() => sessionStorage)),
    async start(slot, receive) {
      if (wrong !== null) throw wrong;
      const device = await startDevice(deviceOptions(location, slot), receive);
      globalThis.hromada = device;
      return device;
    },
    room,
    given,
    store,
  });
  if (wrong === null && joinsAtOnce(location)) void session.join();
  return session;
}

// Another room in the same tab: the device opens in one room only, so the page starts again.
addEventListener("hashchange", () => location.reload());

const lacking = missing(probe(globalThis));
const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
const session = lacking.length === 0 ? startSession() : null;
render(<App session={session} missing={lacking} store={store} />, root);

/** A new version is taken at once where nothing is under way. */
function replaced(): void {
  if ((session?.snapshot.value?.status ?? "idle") === "idle" && session?.pending.value !== "join") location.reload();
}

// The development server builds none.
if (import.meta.env.PROD && "serviceWorker" in navigator) void registerServiceWorker(navigator.serviceWorker, "/sw.js", replaced);
