/** The train worker: one task's model and data, off the page's thread and off the device worker's. */
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import { expose } from "comlink";
import { DATA_CACHE } from "../../app/kept-parts.ts";
import { createTrainer } from "../../learn/create-trainer.ts";
import { decodePicture } from "../../learn/data/decode-picture.ts";
import { packsFrom } from "../../learn/data/load-pack.ts";
import { openChoiceStore } from "../../learn/engine/choice-store.ts";
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

expose(serveTrainer(createTrainer({ loadPack, decodePicture, choices: openChoiceStore(), wasmFiles: { plain: absolute(plain), simd: absolute(simd) } })));
