import { effect, type ReadonlySignal, signal } from "@preact/signals";

/** Where the wish to keep the screen on stands. */
export type WakeState = "off" | "on" | "refused" | "missing";

export const wakeState = signal<WakeState>("off");

/**
 * Holds a screen wake lock (W3C Screen Wake Lock) while `wanted`. The browser takes it away from a hidden page, so
 * it is asked for again when the page is seen again.
 */
export function startWakeLock(wanted: ReadonlySignal<boolean>, seen: ReadonlySignal<boolean>, wakeLock: WakeLock | undefined = navigator.wakeLock): void {
  if (wakeLock === undefined) return void (wakeState.value = "missing");
  let lock: WakeLockSentinel | null = null;
  let turn = Promise.resolve();
  async function settle(): Promise<void> {
    const want = wanted.value && seen.value;
    if (want === (lock !== null && !lock.released)) return;
    try {
      if (want) {
        lock = await wakeLock!.request("screen");
        lock.addEventListener("release", () => void (wakeState.value = "off"));
        wakeState.value = "on";
      } else {
        await lock?.release();
        lock = null;
        wakeState.value = "off";
      }
    } catch (cause) {
      // Refused by the browser's energy saver or its settings.
      console.info("the screen is not kept on:", cause);
      wakeState.value = "refused";
    }
  }
  effect(() => {
    void wanted.value;
    void seen.value;
    turn = turn.then(settle);
  });
}
