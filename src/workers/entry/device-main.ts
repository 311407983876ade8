import * as Comlink from "comlink";
import type { Device } from "../../device/api.ts";
import { startCodingWorkers } from "../../device/coding-pool.ts";
import { createDevice } from "../../device/device.ts";
import { startSumPool } from "../../device/sum-pool.ts";
import { connectTrainer, type RemoteTrainer } from "../../learn/remote-trainer.ts";
import type { RtcHost } from "../../mesh/rtc.ts";
import { rtcOverComlink } from "../../mesh/rtc.worker.ts";
import { installErrorTransfer } from "../bridge.ts";

/** The device worker: everything but pixels and the `RTCPeerConnection`s, which only a page can own. */
installErrorTransfer();

function startTrainer(): RemoteTrainer {
  const worker = new Worker(new URL("./train.ts", import.meta.url), { type: "module", name: "train" });
  const gone = new AbortController();
  worker.addEventListener("error", (event) => {
    gone.abort(new Error(event.message || "the train worker could not be loaded; check the connection and reload"));
    worker.terminate();
  });
  return connectTrainer(worker, gone.signal);
}

const device = createDevice({ startSumPool, startTrainer, startCodingWorkers });

Comlink.expose({
  ...device,
  open: (options, rtc, onChange) => device.open(options, rtcOverComlink(rtc as unknown as Comlink.Remote<RtcHost>), onChange),
  exportModel: async () => {
    const bytes = await device.exportModel();
    return Comlink.transfer(bytes, [bytes.buffer]);
  },
  fetchObject: async (id) => {
    const bytes = await device.fetchObject(id);
    return Comlink.transfer(bytes, [bytes.buffer]);
  },
} satisfies Device);
