import { describe, expect, it } from "vitest";
import { missing, probe, type Probe } from "./capabilities.ts";

const whole: Probe = { secureContext: true, webrtc: true, moduleWorkers: true, wasm: true };

/** A browser's global scope with only what the probe looks at. */
const scope = (parts: Record<string, unknown>) => parts as unknown as typeof globalThis;
class Peer {}
class ModuleWorker {
  constructor(_url: string, options: { type?: string }) {
    if (options.type === "module") throw new SyntaxError("bad address");
  }
}
class OldWorker {
  terminate(): void {
    expect(this).toBeInstanceOf(OldWorker);
  }
}

describe("capabilities", () => {
  it("lets a whole browser take part", () => {
    expect(missing(whole)).toEqual([]);
  });

  it("names each thing that is missing, the insecure address first", () => {
    expect(missing({ ...whole, webrtc: false })).toEqual(["webrtc"]);
    expect(missing({ ...whole, moduleWorkers: false })).toEqual(["module-workers"]);
    expect(missing({ ...whole, wasm: false })).toEqual(["wasm"]);
    expect(missing({ secureContext: false, webrtc: false, moduleWorkers: false, wasm: false })).toEqual(["secure-context", "webrtc", "module-workers", "wasm"]);
  });

  it("finds all of them in a present-day scope", () => {
    expect(probe(scope({ isSecureContext: true, RTCPeerConnection: Peer, Worker: ModuleWorker, WebAssembly }))).toEqual(whole);
  });

  it("tells a worker that takes no modules from one that does", () => {
    expect(probe(scope({ isSecureContext: true, RTCPeerConnection: Peer, Worker: OldWorker, WebAssembly })).moduleWorkers).toBe(false);
    expect(probe(scope({})).moduleWorkers).toBe(false);
  });
});
