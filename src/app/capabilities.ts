/** What taking part needs of a browser, as a plain record, so that the judgement can be tested without one. */
export interface Probe {
  secureContext: boolean;
  webrtc: boolean;
  moduleWorkers: boolean;
  wasm: boolean;
}

export type Missing = "secure-context" | "webrtc" | "module-workers" | "wasm";

/**
 * What keeps this browser from taking part, most telling first; empty when nothing does. An insecure context
 * comes first, since it may hide the other features, and the remedy is another address, not another browser.
 */
export function missing(probe: Probe): Missing[] {
  const list: Missing[] = [];
  if (!probe.secureContext) list.push("secure-context");
  if (!probe.webrtc) list.push("webrtc");
  if (!probe.moduleWorkers) list.push("module-workers");
  if (!probe.wasm) list.push("wasm");
  return list;
}

/**
 * Whether `new Worker(url, { type: "module" })` is understood. The options are read before the address is
 * parsed, so an address that cannot be parsed tells it without a worker, a request or a CSP report.
 */
function knowsModuleWorkers(scope: typeof globalThis): boolean {
  let read = false;
  const options = {
    get type(): WorkerType {
      read = true;
      return "module";
    },
  };
  try {
    new scope.Worker("http://[", options).terminate();
  } catch {
    return read;
  }
  return read;
}

export const probe = (scope: typeof globalThis): Probe => ({
  secureContext: scope.isSecureContext === true,
  webrtc: typeof scope.RTCPeerConnection === "function",
  moduleWorkers: typeof scope.Worker === "function" && knowsModuleWorkers(scope),
  wasm: typeof scope.WebAssembly === "object" && typeof scope.WebAssembly.instantiate === "function",
});
