// Node's workers have no loader for TypeScript of their own.
import { workerData } from "node:worker_threads";
import { tsImport } from "tsx/esm/api";

const [{ expose }, { serveSlices }, { nodeWasmFiles, readPackFile }] = await Promise.all(["comlink", "../parallel/slicer.ts", "./node.ts"].map((path) => tsImport(path, import.meta.url)));
expose(serveSlices({ loadPack: readPackFile, wasmFiles: nodeWasmFiles }), workerData.port);
