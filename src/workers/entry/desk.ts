/** The desk's worker: reads a person's files, and tries tasks on an engine of its own. */
import { expose } from "comlink";
import { createDesk } from "../../device/desk/desk.ts";
import { serveDesk } from "../../device/desk/remote.ts";
import { decodePicture, thumbnail } from "../../learn/data/decode-picture.ts";
import { packsFrom } from "../../learn/data/load-pack.ts";
import { connectTrainer } from "../../learn/remote-trainer.ts";
import { openOwnData } from "../../store/own-data.ts";

function startTrainer() {
  const worker = new Worker(new URL("./train.ts", import.meta.url), { type: "module", name: "trial" });
  const gone = new AbortController();
  worker.addEventListener("error", (event) => gone.abort(new Error(event.message || "the train worker could not be loaded; check the connection and try again")));
  return { trainer: connectTrainer(worker, gone.signal), end: () => worker.terminate() };
}

expose(
  serveDesk(
    createDesk({
      openStore: (slot) => openOwnData(slot, navigator.storage),
      startTrainer,
      loadPack: packsFrom(new URL(`${import.meta.env.BASE_URL}data/`, self.location.origin)),
      decodePicture,
      thumbnail,
      now: () => Date.now(),
    }),
  ),
);
