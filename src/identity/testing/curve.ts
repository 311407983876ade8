import { loadCurve, type WasmCurve } from "../../wasm/curve.ts";

/** As a device loads it; a test without it would show nothing. */
export async function curveIn(): Promise<WasmCurve> {
  const curve = await loadCurve();
  if (curve === null) throw new Error("there is no WebAssembly here");
  return curve;
}
