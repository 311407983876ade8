import { DataError } from "../../learn/errors.ts";
import type { TaskManifest } from "../../learn/task.ts";
import type { DataChoice } from "../../learn/trainer.ts";
import type { OwnData } from "../../store/own-data.ts";
import { taskHash } from "../../swarm/record.ts";
import { choiceOf, freshUse } from "./choice.ts";
import { decodeAbout } from "./own-set.ts";
import { keptBlobs } from "./shelf.ts";

/** A kept set as training takes it, used as the person said for this task. @throws DataError */
export async function openOwnChoice(store: Pick<OwnData, "about" | "part">, id: string, task: TaskManifest): Promise<DataChoice> {
  const bytes = await store.about(id);
  const about = bytes && decodeAbout(bytes);
  if (!about) throw new DataError("unavailable", "the data that you chose are not on this device any more; give them again or choose others", { what: "gone" });
  const hash = taskHash(task);
  const use = about.use?.task === hash ? about.use : freshUse(hash);
  const { data, unlabelled } = choiceOf(about, await keptBlobs(store, id, about), task, use);
  if (unlabelled.length > 0 && !use.leaveOut) throw new DataError("bad-choice", `${unlabelled.length} pictures have no label of this task; label them or agree to leave them out`, { what: "unlabelled", pictures: unlabelled.length });
  return data;
}
