/** The worker beside the page that measures several threads: as src/workers/entry/train.ts serves it. */
import { expose } from "comlink";
import { serveSlices } from "../src/learn/parallel/slicer.ts";
import { wasmFiles } from "./training-measure.ts";

expose(serveSlices({ loadPack: () => Promise.reject(new Error("no data are loaded here")), wasmFiles: wasmFiles() }));
