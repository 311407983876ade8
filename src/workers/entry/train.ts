/** The train worker: one task's model and data, off the page's thread and off the device worker's. */
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import { expose } from "comlink";
import { createTrainer } from "../../learn/create-trainer.ts";
import { decodePicture } from "../../learn/data/decode-picture.ts";
import { openChoiceStore } from "../../learn/engine/choice-store.ts";
import { DataError } from "../../learn/errors.ts";
import { PACK_TIMEOUT_MS } from "../../learn/limits.ts";
import { serveTrainer } from "../../learn/remote-trainer.ts";

const folder = new URL(`${import.meta.env.BASE_URL}data/`, self.location.origin);

async function loadPack(path: string): Promise<Uint8Array> {
  const response = await fetch(new URL(path, folder), { signal: AbortSignal.timeout(PACK_TIMEOUT_MS) });
  if (!response.ok) throw new DataError("unavailable", `${path} could not be fetched (HTTP ${response.status}); check the connection to the server and try again`);
  return new Uint8Array(await response.arrayBuffer());
}

const absolute = (url: string) => new URL(url, self.location.href).href;

expose(serveTrainer(createTrainer({ loadPack, decodePicture, choices: openChoiceStore(), wasmFiles: { plain: absolute(plain), simd: absolute(simd) } })));
