/** The part of `GPUAdapter` that is read here (WebGPU, section 4.3). */
interface GpuAdapter {
  isFallbackAdapter?: boolean;
  info?: { vendor?: string; architecture?: string; device?: string; description?: string; isFallbackAdapter?: boolean };
}

export interface Adapter {
  /** As far as the browser tells. */
  name: string;
  /** A GPU that is put together on the CPU: slower than WASM, so it counts only when it was asked for by name. */
  software: boolean;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/** Chromium may answer null to whoever asks while its GPU's process starts: an H100 was only there at the second asking. */
const SECOND_ASKING_MS = 300;

/** The adapter that WebGPU would take; null where there is none. */
export async function findAdapter(): Promise<Adapter | null> {
  const gpu = (globalThis.navigator as unknown as { gpu?: { requestAdapter(): Promise<GpuAdapter | null> } } | undefined)?.gpu;
  if (!gpu) return null;
  const adapter = (await gpu.requestAdapter()) ?? (await new Promise((resolve) => setTimeout(resolve, SECOND_ASKING_MS)).then(() => gpu.requestAdapter()));
  if (!adapter) return null;
  const { info } = adapter;
  const name = [info?.vendor, info?.architecture, info?.device, info?.description].filter(Boolean).join(" ");
  const fallback = adapter.isFallbackAdapter === true || info?.isFallbackAdapter === true;
  return { name, software: fallback || SOFTWARE.test(name) };
}
