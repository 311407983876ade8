import relaxed from "../wasm/build/coding-relaxed.ts";
import sharedRelaxed from "../wasm/build/coding-shared-relaxed.ts";
import sharedPlain from "../wasm/build/coding-shared.ts";
import plain from "../wasm/build/coding.ts";
import { compileKernel } from "../wasm/load.ts";

/** What runs over a range of columns; the last two arguments are its ends. All are addresses, counts or bytes. */
export type Job = "multiply" | "encode8" | "encode16" | "decode8" | "decode16";

/** The exports of `src/wasm/assembly/coding.ts`. */
export type Kernel = Record<Job, (...args: number[]) => void> & { firstDifference(a: number, b: number, bytes: number): number };

export type Build = "relaxed" | "plain";

/** Relaxed SIMD spares an instruction a table look-up; both builds compute the same bytes. */
export const bestBuild = (): Build => (WebAssembly.validate(Uint8Array.from(atob(relaxed), (character) => character.charCodeAt(0))) ? "relaxed" : "plain");

export const kernelModule = (build: Build, shared: boolean): WebAssembly.Module =>
  compileKernel(build === "relaxed" ? (shared ? sharedRelaxed : relaxed) : shared ? sharedPlain : plain);

export const startKernel = (module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel;
