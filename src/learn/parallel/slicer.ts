import { installErrorTransfer } from "../../workers/bridge.ts";
import type { LoadPack } from "../data/load.ts";
import { startEngine, type WasmFiles } from "../engine/backend.ts";
import { TaskError } from "../errors.ts";
import type { Drawn, Learner } from "../learner.ts";
import { loadLearner } from "../load-learner.ts";
import type { TaskManifest } from "../task.ts";

/** A worker beside the train worker: a task's model on a WASM heap of its own, without data. */
export interface Slicer {
  open(task: TaskManifest): Promise<void>;
  /** Loss and accuracy of what the train worker has drawn; the gradient [parameters] goes to `into`, which is shared, as `params` are. */
  gradient(params: Float32Array, drawn: Drawn, into: Float32Array): Promise<{ loss: number; accuracy: number }>;
}

/** The worker's side of a slice pool. @param deps the pack loader is asked for a frozen extractor's weights only */
export function serveSlices({ loadPack, wasmFiles }: { loadPack: LoadPack; wasmFiles: WasmFiles }): Slicer {
  installErrorTransfer();
  let learner: Learner | null = null;
  return {
    async open(task) {
      await startEngine(wasmFiles, "wasm");
      ({ learner } = await loadLearner(task, null, { loadPack }));
    },
    async gradient(params, drawn, into) {
      if (!learner) throw new TaskError("not-loaded", "a slice came before its task; call open first");
      // −0 is what any number may be added to without a change of a bit.
      const { loss, accuracy } = await learner.gradient(params, drawn, { sum: into.fill(-0), weight: 1 });
      return { loss, accuracy };
    },
  };
}
