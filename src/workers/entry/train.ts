/** The train worker: one task's model and data, off the page's thread and off the device worker's. */
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import { expose } from "comlink";
import { createTrainer } from "../../learn/create-trainer.ts";
import { decodePicture } from "../../learn/data/decode-picture.ts";
import { packsFrom } from "../../learn/data/load-pack.ts";
import { openChoiceStore } from "../../learn/engine/choice-store.ts";
import { serveTrainer } from "../../learn/remote-trainer.ts";

const loadPack = packsFrom(new URL(`${import.meta.env.BASE_URL}data/`, self.location.origin));
const absolute = (url: string) => new URL(url, self.location.href).href;

expose(serveTrainer(createTrainer({ loadPack, decodePicture, choices: openChoiceStore(), wasmFiles: { plain: absolute(plain), simd: absolute(simd) } })));
