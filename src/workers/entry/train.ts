/** The train worker: one task's model and data, off the page's thread and off the device worker's. */
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import { expose } from "comlink";
import { DATA_CACHE } from "../../app/kept-parts.ts";
import { createTrainer } from "../../learn/create-trainer.ts";
import { decodePicture } from "../../learn/data/decode-picture.ts";
import { packsFrom } from "../../learn/data/load-pack.ts";
import { openChoiceStore } from "../../learn/engine/choice-store.ts";
import type { StartedSlicer } from "../../learn/parallel/slice-pool.ts";
import { serveSlices } from "../../learn/parallel/slicer.ts";
import { serveTrainer } from "../../learn/remote-trainer.ts";

/** Until the first service worker is in charge nobody else keeps what is fetched, and a device has to train without a network too. */
async function keep(address: string, response: Response): Promise<void> {
  const cache = await caches.open(DATA_CACHE);
  if (!(await cache.match(address, { ignoreVary: true }))) await cache.put(address, response);
}

const loadPack = packsFrom(new URL(`${import.meta.env.BASE_URL}data/`, self.location.origin), (address, response) => {
  // It is here for this visit, whatever there is room for.
  keep(address, response).catch((error: unknown) => console.warn("data were not kept", error));
});
const absolute = (url: string) => new URL(url, self.location.href).href;

const wasmFiles = { plain: absolute(plain), simd: absolute(simd) };

const SLICER = "slice";

/** This script again, which is in the browser's cache: a helper needs nearly all of it. */
function startSlicer(): StartedSlicer {
  const worker = new Worker(self.location.href, { type: "module", name: SLICER });
  const gone = new AbortController();
  worker.addEventListener("error", ({ message }) => gone.abort(new Error(message || "a worker that helps to train could not be loaded")));
  return { port: worker, gone: gone.signal, terminate: () => worker.terminate() };
}

if (self.name === SLICER) expose(serveSlices({ loadPack, wasmFiles }));
else {
  // They share memory, which a page that is not isolated cannot; nor has every browser workers within workers.
  const able = self.crossOriginIsolated && typeof Worker === "function";
  expose(serveTrainer(createTrainer({ loadPack, decodePicture, choices: openChoiceStore(), wasmFiles, ...(able && { startSlicer }) })));
}
