/** What the trainer needs from a Node process: the real packs and the real binaries. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { LoadPack } from "../data/load.ts";
import type { WasmFiles } from "../engine/backend.ts";

const binaries = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm").replace(/[^/\\]*$/, "");

export const nodeWasmFiles: WasmFiles = { simd: `${binaries}tfjs-backend-wasm-simd.wasm`, plain: `${binaries}tfjs-backend-wasm.wasm` };

/** Reads the data that ship, which `tools/digits.ts` and `tools/texts.ts` have packed. */
export const readPackFile: LoadPack = async (path) => new Uint8Array(await readFile(fileURLToPath(new URL(`../../../public/data/${path}`, import.meta.url))));
