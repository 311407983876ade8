import { effect, signal } from "@preact/signals";
import type { Device } from "../device/api.ts";
import { CARE, type CareSettings, type DeviceFacts, NO_FACTS, SHARES } from "../device/care.ts";
import type { TextStore } from "./local-store.ts";

export const careSettings = signal<CareSettings>(CARE);
/** Keep the screen on while the device takes part. */
export const keepAwake = signal(false);
export const facts = signal<DeviceFacts>(NO_FACTS);

const SWITCHES = ["battery", "metered", "background", "backOff"] as const;

/** The kept settings; what is missing or makes no sense is as it was at first. */
export function readCare(kept: string | null, first: CareSettings): CareSettings {
  let given: unknown;
  try {
    given = JSON.parse(kept ?? "null");
  } catch {
    given = null; // written by hand or by another version: the settings begin anew
  }
  if (typeof given !== "object" || given === null) return first;
  const values = given as Record<string, unknown>;
  const settings = { ...first, share: SHARES.find((share) => share === values["share"]) ?? first.share };
  for (const name of SWITCHES) if (typeof values[name] === "boolean") settings[name] = values[name];
  return settings;
}

/** @param handheld a phone or tablet, which gets hot and lives on its battery, eases off unless told otherwise */
export function startCare(store: TextStore, handheld: boolean): void {
  careSettings.value = readCare(store.read("care"), { ...CARE, backOff: handheld });
  keepAwake.value = store.read("awake") === "1";
  careSettings.subscribe((settings) => store.write("care", JSON.stringify(settings)));
  keepAwake.subscribe((on) => store.write("awake", on ? "1" : "0"));
}

/** The device is told of the settings and of what the page sees, now and whenever they change. */
export function followCare(device: Pick<Device, "care" | "tellFacts">, failed: (cause: unknown) => void): void {
  effect(() => void device.care(careSettings.value).catch(failed));
  effect(() => void device.tellFacts(facts.value).catch(failed));
}
