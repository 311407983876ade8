import { proxy, wrap } from "comlink";
import type { Device, DeviceOptions, Room, Snapshot } from "../device/api.ts";
import { createRtcHost } from "../mesh/rtc.page.ts";
import { installErrorTransfer } from "../workers/bridge.ts";
import deviceWorker from "../workers/entry/device.ts?worker&url";

/** How long the device's thread may take to load and answer, in milliseconds: over a poor link its code alone takes half a minute. */
const START_TIMEOUT = 120_000;

/**
 * Its script is asked for with the room's signalling server, so that the policy of that worker, and of nothing
 * else, allows the one address from the join link.
 */
export function deviceWorkerUrl(room: Room): URL {
  const url = new URL(deviceWorker, location.href);
  url.searchParams.set("connect", new URL(room.server).origin);
  return url;
}

/** Starts the device on a worker of its own. */
export async function startDevice(options: DeviceOptions, onChange: (snapshot: Snapshot) => void): Promise<Device> {
  installErrorTransfer();
  const worker = new Worker(deviceWorkerUrl(options.room), { type: "module", name: "device" });
  const device = wrap<Device>(worker);
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the device's worker did not start; reload the page")), START_TIMEOUT);
    const failed = (event: ErrorEvent): void => reject(new Error(event.message || "the device's worker could not be loaded; check the connection and reload"));
    worker.addEventListener("error", failed, { once: true });
    device
      .open(options, proxy(createRtcHost()), proxy(onChange))
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(late);
        worker.removeEventListener("error", failed);
      });
  });
  return device as unknown as Device;
}
