/** What the person lets this device do. */
export interface CareSettings {
  /** Part of the time, above 0 to 1, that the engine may work while it trains. */
  share: number;
  /** Train on battery too. */
  battery: boolean;
  /** Train over links that are paid by volume too. */
  metered: boolean;
  /** Train while the page is hidden too. */
  background: boolean;
  /** Work half as much where steps get slower or the battery runs low. */
  backOff: boolean;
}

export const CARE: CareSettings = { share: 1, battery: true, metered: true, background: true, backOff: false };

/** Shares that can be chosen. */
export const SHARES = [1, 0.75, 0.5, 0.25] as const;

/** What the page knows of its device; null where the browser does not tell. */
export interface DeviceFacts {
  charging: boolean | null;
  /** 0 to 1. */
  level: number | null;
  metered: boolean | null;
  hidden: boolean;
}

export const NO_FACTS: DeviceFacts = { charging: null, level: null, metered: null, hidden: false };

/** Why nothing is trained for now. */
export type Hold = "battery" | "metered" | "background";
/** Why less is done than the person allows. */
export type Easing = "slower" | "low-battery";

/** What follows from settings and facts. */
export interface CareDecision {
  hold: Hold | null;
  easing: Easing | null;
  /** Part of the time that the engine works. */
  share: number;
}

/** Below this level a device on battery is eased. */
const LOW_BATTERY = 0.25;
const EASED = 0.5;

/** What the browser does not tell holds nobody up: the page says next to each setting where that is so. */
export function decide(settings: CareSettings, facts: DeviceFacts, slower: boolean): CareDecision {
  const onBattery = facts.charging === false;
  const hold: Hold | null =
    !settings.battery && onBattery ? "battery" : !settings.metered && facts.metered === true ? "metered" : !settings.background && facts.hidden ? "background" : null;
  const low = onBattery && facts.level !== null && facts.level <= LOW_BATTERY;
  const easing: Easing | null = !settings.backOff ? null : slower ? "slower" : low ? "low-battery" : null;
  return { hold, easing, share: settings.share * (easing === null ? 1 : EASED) };
}

/**
 * How long steps take against the best that this stay has seen. No browser tells a temperature; a hot processor is
 * clocked down, so its steps take longer. So do steps beside other programs: it is an estimate.
 */
export interface Pace {
  /** Milliseconds of the steps of the window under way. */
  recent: readonly number[];
  /** The smallest median of a window. */
  best: number | null;
  /** The last window's median by `best`; null until there are two windows. */
  ratio: number | null;
  slower: boolean;
}

export const NO_PACE: Pace = { recent: [], best: null, ratio: null, slower: false };

/** Steps a window, and the ratios at which easing begins and ends: apart, so that it does not flutter. */
const WINDOW = 40;
const SLOWER = { from: 1.6, until: 1.25 };

export function stepTook(pace: Pace, milliseconds: number): Pace {
  const recent = [...pace.recent, milliseconds];
  if (recent.length < WINDOW) return { ...pace, recent };
  const median = recent.sort((a, b) => a - b)[WINDOW >> 1]!;
  if (pace.best === null) return { ...pace, recent: [], best: median };
  const ratio = median / pace.best;
  return { recent: [], best: Math.min(pace.best, median), ratio, slower: ratio >= (pace.slower ? SLOWER.until : SLOWER.from) };
}
