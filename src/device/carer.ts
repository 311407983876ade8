import { CARE, type CareDecision, type CareSettings, decide, type DeviceFacts, NO_FACTS, NO_PACE, stepTook } from "./care.ts";

/** A longer debt of rest than this is let go of, in milliseconds: a step that took so long was not the engine's doing. */
const REST_AT_MOST = 30_000;
/** Timers are no finer. */
const REST_AT_LEAST = 5;

/** What the page shows of it. */
export interface CareView extends CareDecision {
  /** The person went on in spite of the hold. */
  overruled: boolean;
  /** Part of the time that the engine worked of late, as measured; null until it has trained. */
  measured: number | null;
  /** Milliseconds that the engine worked in all since the tab was opened. */
  worked: number;
  /** How long steps take against the best of this stay; null until that is known. */
  slowdown: number | null;
}

/** Keeps a device's training within what the person allows. */
export interface Carer {
  readonly view: CareView;
  set(settings: CareSettings): void;
  tell(facts: DeviceFacts): void;
  /** Goes on in spite of what holds it now; the next reason counts again. */
  overrule(): void;
  /** After each batch. @param milliseconds that it took */
  took(milliseconds: number): void;
  /** Between two batches: rests so long that the engine works its share of the time. @param signal ends the rest early */
  rest(signal: AbortSignal): Promise<void>;
}

/**
 * @param onHold when training has to stop or may go on
 * @param onChange when the view has changed otherwise
 */
export function createCarer(onHold: (held: boolean) => void, onChange: () => void): Carer {
  let settings = CARE;
  let facts = NO_FACTS;
  let pace = NO_PACE;
  let overruled: CareDecision["hold"] = null;
  let decision = decide(settings, facts, false);
  let holds = false;
  let owed = 0;
  let worked = 0;
  /** Forgets slowly, so that it shows of late and not of one batch. */
  const spent = { work: 0, rest: 0 };

  const held = (): CareDecision["hold"] => (decision.hold === overruled ? null : decision.hold);

  function review(): void {
    decision = decide(settings, facts, pace.slower);
    if (decision.hold !== overruled) overruled = null;
    if (holds !== (held() !== null)) onHold((holds = !holds));
    onChange();
  }

  function spend(what: "work" | "rest", milliseconds: number): void {
    const KEPT = 0.98;
    spent.work *= KEPT;
    spent.rest *= KEPT;
    spent[what] += milliseconds;
  }

  return {
    get view() {
      const total = spent.work + spent.rest;
      return { ...decision, hold: held(), overruled: overruled !== null, measured: total === 0 ? null : spent.work / total, worked, slowdown: pace.ratio };
    },
    set(next) {
      settings = next;
      owed = 0;
      review();
    },
    tell(next) {
      facts = next;
      review();
    },
    overrule() {
      overruled = decision.hold;
      review();
    },
    took(milliseconds) {
      const before = pace.slower;
      pace = stepTook(pace, milliseconds);
      if (pace.slower !== before) review();
      spend("work", milliseconds);
      worked += milliseconds;
      owed = Math.min(REST_AT_MOST, owed + milliseconds * (1 / decision.share - 1));
    },
    async rest(signal) {
      if (owed < REST_AT_LEAST || signal.aborted) return;
      const began = performance.now();
      await pause(owed, signal);
      const rested = performance.now() - began;
      owed -= rested;
      spend("rest", rested);
    },
  };
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
