/** Coding workers, cores − 1 of them; none where the page is not isolated, for they share memory. */
export function startCodingWorkers(): { ports: Worker[]; gone: AbortSignal } | null {
  if (!self.crossOriginIsolated) return null;
  const gone = new AbortController();
  const ports = Array.from({ length: Math.max(1, navigator.hardwareConcurrency - 1) }, () => {
    const worker = new Worker(new URL("../workers/entry/coding.ts", import.meta.url), { type: "module", name: "coding" });
    worker.addEventListener("error", ({ message }) => gone.abort(new Error(message || "a coding worker could not be loaded; check the connection and reload")));
    return worker;
  });
  return { ports, gone: gone.signal };
}
