import type { RingKernel } from "./kernel.ts";
import type { Ring } from "./ring.ts";

/** The ring in the kernel itself: everywhere, without SEAL. */
export function createWasmRing(kernel: RingKernel): Ring {
  const erase = () => void kernel.held.fill(0);
  return { hold: kernel.hold, hide: kernel.hide, reveal: kernel.reveal, erase, close: erase };
}
