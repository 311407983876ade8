// Node's workers have no loader for TypeScript of their own.
import { workerData } from "node:worker_threads";
import { tsImport } from "tsx/esm/api";

const { serveCoding } = await tsImport("../pool.ts", import.meta.url);
serveCoding(workerData.port);
