import { proxy, wrap } from "comlink";
import type { Device, DeviceOptions, Snapshot } from "../device/api.ts";
import { createRtcHost } from "../mesh/rtc.page.ts";
import { installErrorTransfer } from "../workers/bridge.ts";
import deviceWorker from "../workers/entry/device.ts?worker&url";

/** How long the device's thread may take to load and answer, in milliseconds. */
const START_TIMEOUT = 20_000;

/**
 * Starts the device on a worker of its own. Its script is asked for with the room's signalling server, so that
 * the policy of that worker, and of nothing else, allows the one address from the join link.
 */
export async function startDevice(options: DeviceOptions, onChange: (snapshot: Snapshot) => void): Promise<Device> {
  installErrorTransfer();
  const url = new URL(deviceWorker, location.href);
  url.searchParams.set("connect", new URL(options.room.server).origin);
  const worker = new Worker(url, { type: "module", name: "device" });
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
