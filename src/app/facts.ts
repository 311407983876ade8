import type { DeviceFacts } from "../device/care.ts";
import { facts } from "./care.ts";

/** Battery Status API; Chromium alone has it. */
interface Battery extends EventTarget {
  charging: boolean;
  level: number;
}

/** Network Information API; Chromium alone has it, and says the kind of link on phones only. */
export interface Connection extends EventTarget {
  type?: string;
  saveData?: boolean;
}

declare global {
  interface Navigator {
    getBattery?(): Promise<Battery>;
    readonly connection?: Connection;
  }
}

/** Whether the link is paid by volume: told by its kind, or by the person's wish to save data. */
export function isMetered(connection: Pick<Connection, "type" | "saveData"> | undefined): boolean | null {
  if (connection === undefined) return null;
  if (connection.saveData === true || connection.type === "cellular") return true;
  return connection.type === "wifi" || connection.type === "ethernet" ? false : null;
}

/** Keeps `facts` as the browser tells them. */
export function watchFacts(document: Document, { getBattery, connection }: Pick<Navigator, "getBattery" | "connection"> = navigator): void {
  const add = (seen: Partial<DeviceFacts>): void => void (facts.value = { ...facts.value, ...seen });
  const look = (): void => add({ hidden: document.visibilityState === "hidden" });
  document.addEventListener("visibilitychange", look);
  look();

  const link = (): void => add({ metered: isMetered(connection) });
  connection?.addEventListener("change", link);
  link();

  getBattery?.call(navigator).then(
    (battery) => {
      const read = (): void => add({ charging: battery.charging, level: battery.level });
      for (const event of ["chargingchange", "levelchange"]) battery.addEventListener(event, read);
      read();
    },
    (cause: unknown) => console.info("this browser does not tell of its battery:", cause),
  );
}
