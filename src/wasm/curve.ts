/**
 * The group ristretto255 (RFC 9496) by libsodium in WebAssembly, whose steps hang on no scalar. Points and scalars are 32
 * bytes. All throw where something is no point, or a product would be the identity.
 */
export interface WasmCurve {
  /** k·G */
  base(k: Uint8Array): Uint8Array;
  /** k·P */
  times(k: Uint8Array, P: Uint8Array): Uint8Array;
  /** A + B */
  add(A: Uint8Array, B: Uint8Array): Uint8Array;
}

let loading: Promise<WasmCurve | null> | null = null;

/** @returns null where it cannot be loaded; the next call tries again. */
export const loadCurve = (): Promise<WasmCurve | null> => (loading ??= load());

async function load(): Promise<WasmCurve | null> {
  try {
    const { default: sodium } = await import("libsodium-wrappers-sumo");
    await sodium.ready;
    return { base: (k) => sodium.crypto_scalarmult_ristretto255_base(k), times: (k, P) => sodium.crypto_scalarmult_ristretto255(k, P), add: (A, B) => sodium.crypto_core_ristretto255_add(A, B) };
  } catch {
    loading = null; // no WebAssembly, or offline and not kept
    return null;
  }
}
