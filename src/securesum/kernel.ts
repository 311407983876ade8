import ring from "../wasm/build/ring.ts";
import shamir from "../wasm/build/shamir.ts";
import { compileKernel } from "../wasm/load.ts";
import { CHECKS, DEALING_BYTES, MOST_HOLDERS, N } from "./params.ts";

/** 64 KiB each: what the two kernels declare. They never grow. */
const RING_PAGES = 7;
const SHAMIR_PAGES = 14;

interface RingFunctions {
  draw(...nonce: Nonce): void;
  expand(...nonce: Nonce): void;
  sift(filled: number): number;
  sampleSecret(): void;
  addErrors(): void;
  lift(sign: number): void;
  hold(sign: number): void;
  hide(): void;
  reveal(): void;
  packFields(fields: number, width: number, limit: number): number;
  unpackFields(fields: number, width: number, bound: number): number;
  pack(): void;
  unpack(): number;
  accumulate(): number;
  accumulateScaled(weight: number): number;
  reduce(): void;
}

interface ShamirFunctions {
  draw(nonce0: number, nonce1: number, nonce2: number, from: number, to: number): void;
  challenge(): void;
  check(row: number): void;
  combine(count: number): void;
  pack(): void;
  unpack(row: number): number;
}

type Nonce = [number, number, number];

/** An instance of src/wasm/assembly/ring.ts and its memory, where the functions' docstrings are. */
export interface RingKernel extends RingFunctions {
  memory: WebAssembly.Memory;
  key: Uint8Array;
  stream: Uint8Array;
  secret: Int16Array;
  /** Residues as 64-bit words, little-endian. */
  a: Uint8Array;
  x: Uint8Array;
  /** The secret in NTT form, as `hold` left it. */
  held: Uint8Array;
  sums: Uint8Array;
  wire: Uint8Array;
  /** Values going in, and their sums coming out. */
  values: Int32Array;
}

/** An instance of src/wasm/assembly/shamir.ts and its memory. */
export interface ShamirKernel extends ShamirFunctions {
  key: Uint8Array;
  /** Row k begins at k · (N + CHECKS). */
  rows: Uint32Array;
  weights: Uint32Array;
  out: Uint32Array;
  wire: Uint8Array;
}

/** What the sum's arithmetic that needs no secret runs on. */
export interface Kernels {
  ring: RingKernel;
  shamir: ShamirKernel;
}

export const createKernels = (): Kernels => ({ ring: createRingKernel(compileRing()), shamir: createShamirKernel() });

export const compileRing = (): WebAssembly.Module => compileKernel(ring);

export function createRingKernel(module: WebAssembly.Module): RingKernel {
  const { functions, memory, at } = instantiate<RingFunctions>(module, RING_PAGES);
  const bytes = (name: string, length: number) => new Uint8Array(memory.buffer, at(name), length);
  return {
    ...functions,
    memory,
    key: bytes("KEY", 32),
    stream: bytes("STREAM", 12 * N),
    secret: new Int16Array(memory.buffer, at("SECRET"), N),
    a: bytes("A", 8 * N),
    x: bytes("X", 8 * N),
    held: bytes("HELD", 16 * N),
    sums: bytes("SUMS", 8 * N),
    wire: bytes("WIRE", 6.5 * N),
    values: new Int32Array(memory.buffer, at("VALUES"), 21 * N),
  };
}

export function createShamirKernel(): ShamirKernel {
  const { functions, memory, at } = instantiate<ShamirFunctions>(compileKernel(shamir), SHAMIR_PAGES);
  const row = N + CHECKS;
  return {
    ...functions,
    key: new Uint8Array(memory.buffer, at("KEY"), 32),
    rows: new Uint32Array(memory.buffer, at("ROWS"), MOST_HOLDERS * row),
    weights: new Uint32Array(memory.buffer, at("WEIGHTS"), MOST_HOLDERS),
    out: new Uint32Array(memory.buffer, at("OUT"), row),
    wire: new Uint8Array(memory.buffer, at("WIRE"), DEALING_BYTES),
  };
}

function instantiate<F>(module: WebAssembly.Module, pages: number): { functions: F; memory: WebAssembly.Memory; at(name: string): number } {
  const memory = new WebAssembly.Memory({ initial: pages });
  const abort = () => {
    throw new Error("the kernel stopped: this is a defect of it");
  };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
  return { functions: exports as F, memory, at: (name) => (exports[name] as WebAssembly.Global).value as number };
}
