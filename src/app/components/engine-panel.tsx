import { useState } from "preact/hooks";
import type { Snapshot } from "../../device/api.ts";
import { ENGINES, keepEngine, keepThreads, keptEngine, keptThreads, THREADS } from "../engine.ts";
import { format, messages } from "../i18n.ts";
import type { TextStore } from "../local-store.ts";
import { Choices } from "./choices.tsx";
import { Panel } from "./panel.tsx";

/** What this device trains on, and what that was chosen by. */
export function EnginePanel({ store, snapshot }: { store: TextStore; snapshot: Snapshot | null }) {
  const text = messages.value.settingsPage.engine;
  const names = messages.value.given.backends;
  const [wanted, setWanted] = useState(keptEngine(store));
  const trainer = snapshot?.trainer ?? null;
  const [threads, setThreads] = useState(keptThreads(store));
  const ways = { ...names, threads: text.severalThreads };
  const tried = trainer === null ? [] : (["webgpu", "wasm", "threads", "cpu"] as const).flatMap((way) => (trainer.trial[way] === undefined ? [] : [[way, trainer.trial[way]] as const]));
  return (
    <Panel id="engine" heading={text.heading}>
      <div class="setting">
        <Choices
          label={text.heading}
          name="engine"
          options={ENGINES}
          text={(engine) => (engine === "auto" ? text.auto : names[engine])}
          value={wanted}
          onPick={(engine) => {
            setWanted(engine);
            keepEngine(store, engine);
          }}
        />
        <p class="hint">
          {text.hint} <span class="now">{trainer === null ? text.unused : text.now(names[trainer.backend])}</span>
        </p>
        {tried.length > 0 && <p class="hint">{text.trial(tried.map(([way, time]) => `${ways[way]} ${time === null ? text.failed : format.value.milliseconds(time)}`).join(", "))}</p>}
      </div>
      <div class="setting">
        <p>{text.threads}</p>
        <Choices
          label={text.threads}
          name="threads"
          options={THREADS}
          text={(wish) => (wish === "auto" ? text.autoThreads : format.value.whole(Number(wish)))}
          value={threads}
          onPick={(wish) => {
            setThreads(wish);
            keepThreads(store, wish);
          }}
        />
        <p class="hint">
          {text.threadsHint} {trainer !== null && <span class="now" data-threads={trainer.threads}>{text.nowThreads(trainer.threads)}</span>}
        </p>
      </div>
    </Panel>
  );
}
