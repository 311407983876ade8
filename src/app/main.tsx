import { computed, effect, signal } from "@preact/signals";
import { render } from "preact";
import type { Device, Room } from "../device/api.ts";
import { App } from "./app.tsx";
import { missing, probe } from "./capabilities.ts";
import { followCare, keepAwake, facts, startCare } from "./care.ts";
import type { Choice } from "./choice.ts";
import { deviceWorkerUrl, startDevice } from "./device.ts";
import { watchFacts } from "./facts.ts";
import { frame } from "./frame.ts";
import { format, startLanguage } from "./i18n.ts";
import { keptEngine, keptThreads } from "./engine.ts";
import { installed, watchInstall } from "./install.ts";
import { parseJoinLink } from "./join-link.ts";
import { textStore } from "./local-store.ts";
import { dataChoice, deviceOptions, joinsAtOnce } from "./options.ts";
import { loadPage } from "./pages.ts";
import { page, startRouter } from "./router.ts";
import { createSession, type Session } from "./session.ts";
import { claimSlot } from "./slot.ts";
import { startTheme } from "./theme.ts";
import { watchTroubles } from "./troubles.ts";
import { keepParts, registerServiceWorker, updateOffer } from "./update.ts";
import { startWakeLock } from "./wake-lock.ts";
import { wipeIfWanted } from "./wipe.ts";

declare global {
  /** The device of this page, the same object that the page uses: for the console and for test drivers. */
  var hromada: Device | undefined;
}

/** Of a visit without a press, in milliseconds. */
const STAYED_AFTER = 60_000;

/** How long the first page's code is waited for, in milliseconds. */
const PAGE_AT_MOST = 1_000;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Ends the task at hand, so that starting is several short ones: together they would be a long one. */
const breathe = (): Promise<void> => pause(0);

await wipeIfWanted();
await breathe();

const store = textStore(() => localStorage);
startRouter();
// On the way while the rest is made ready; the page itself says where it cannot be had.
const pageCode = loadPage(page.value).catch(() => undefined);
startCare(store, matchMedia("(pointer: coarse)").matches);
watchFacts(document);
watchInstall(window);
startTheme(store, document.documentElement);
await startLanguage(store, navigator.languages, document.documentElement);
await breathe();
format.value.whole(0); // the first number brings the language's data in, which takes a task of its own
await breathe();

let beginDevice: () => void;
/** The device's thread takes time on the processor from whoever draws: it begins when there is something to see. */
const drawn = new Promise<void>((resolve) => (beginDevice = resolve));

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
      await drawn;
      const options = deviceOptions(location, slot);
      const engine = keptEngine(store);
      const threads = keptThreads(store);
      // The address has the last word: tests and `npm run swarm` say there what they train on.
      if (engine !== "auto") options.backend ??= engine;
      if (threads !== "auto") options.threads ??= Number(threads);
      const device = await startDevice(options, receive);
      globalThis.hromada = device;
      followCare(device, (cause) => console.error(cause));
      return device;
    },
    room,
    given,
    store,
    drawn: frame,
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
await breathe();

/** Whether anything is under way that a reload would interrupt. */
const busy = computed(() => session !== null && (session.pending.value === "join" || (session.snapshot.value?.status ?? "idle") !== "idle"));
if (session) watchTroubles(session, window);
startWakeLock(computed(() => keepAwake.value && busy.value), computed(() => !facts.value.hidden));
// What index.html brought stands there until then.
await Promise.race([pageCode, pause(PAGE_AT_MOST)]);
root.replaceChildren();
render(<App session={session} missing={lacking} store={store} update={updateOffer(busy)} />, root);
await frame();
beginDevice!();

// The development server builds none.
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  const container = navigator.serviceWorker;
  void registerServiceWorker(container, `${import.meta.env.BASE_URL}sw.js`, busy);
  const room = session?.room ?? null;
  // Of use without a network too where somebody only looks round for a while, or installs it.
  const stayed = signal(false);
  setTimeout(() => (stayed.value = true), STAYED_AFTER);
  // And after each of the first rounds: what the sums need comes behind the training.
  const trained = computed(() => Math.min(5, session?.snapshot.value?.rounds.length ?? 0));
  const keeps = computed(() => (trained.value > 0 ? trained.value : stayed.value || installed.value ? 0 : null));
  effect(() => void (keeps.value !== null && room !== null && keepParts(container, [deviceWorkerUrl(room).href])));
}
