import { transfer } from "comlink";
import { createRingKernel } from "./kernel.ts";
import { encryptBlock, erase, holdKey, openBlock, type EncryptionKey, type Engine, type OpeningKey } from "./blocks.ts";
import { SumError } from "./errors.ts";
import { BLOCK_BYTES } from "./params.ts";
import { createSealRing, startSeal } from "./ring.seal.ts";
import { createWasmRing } from "./ring.wasm.ts";

/** Compiled once, and posted to every worker. Without SEAL the kernel does the ring's arithmetic. */
export interface SumModules {
  ring: WebAssembly.Module;
  seal: WebAssembly.Module | null;
}

/** One worker of the pool: it holds one key at a time. */
export interface SumWorker {
  start(modules: SumModules): Promise<void>;
  hold(key: EncryptionKey | OpeningKey): void;
  /** Blocks from `from` on, one after another. */
  encrypt(from: number, values: Int8Array | Int32Array): Uint8Array<ArrayBuffer>;
  /** The sums of whole blocks, from `from` on. */
  open(from: number, blocks: Uint8Array): Int32Array<ArrayBuffer>;
  /** Nothing secret stays. */
  erase(): void;
}

export function serveSum(): SumWorker {
  let engine: Engine | null = null;

  function started(): Engine {
    if (!engine) throw new SumError("unavailable", "this worker was not started");
    return engine;
  }

  return {
    async start({ ring, seal }) {
      const kernel = createRingKernel(ring);
      engine = { kernel, ring: seal ? createSealRing(kernel, await startSeal(seal)) : createWasmRing(kernel), held: null };
    },
    hold: (key) => holdKey(started(), key),
    encrypt(from, values) {
      const own = started();
      if (!own.held || !("seed" in own.held)) throw new SumError("reused-key", "no key to encrypt under is held");
      const { perBlock } = own.held.layout;
      const blocks = Math.ceil(values.length / perBlock);
      const bytes = new Uint8Array(blocks * BLOCK_BYTES);
      for (let k = 0; k < blocks; k++) bytes.set(encryptBlock(own, own.held, from + k, values.subarray(k * perBlock, (k + 1) * perBlock)), k * BLOCK_BYTES);
      return transfer(bytes, [bytes.buffer]);
    },
    open(from, bytes) {
      const own = started();
      if (!own.held || "seed" in own.held) throw new SumError("reused-key", "no sum of secrets to open with is held");
      const { perBlock } = own.held.layout;
      const blocks = bytes.length / BLOCK_BYTES;
      const values = new Int32Array(blocks * perBlock);
      for (let k = 0; k < blocks; k++) values.set(openBlock(own, own.held, from + k, bytes.subarray(k * BLOCK_BYTES, (k + 1) * BLOCK_BYTES)), k * perBlock);
      return transfer(values, [values.buffer]);
    },
    erase() {
      const own = started();
      if (own.held) ("seed" in own.held ? own.held.seed : own.held.secret).fill(0);
      erase(own);
    },
  };
}
