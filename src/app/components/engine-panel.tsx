import { useState } from "preact/hooks";
import type { Snapshot } from "../../device/api.ts";
import { ENGINES, keepEngine, keptEngine } from "../engine.ts";
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
  const tried = trainer === null ? [] : (["webgpu", "wasm", "cpu"] as const).flatMap((backend) => (trainer.trial[backend] === undefined ? [] : [[backend, trainer.trial[backend]] as const]));
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
        {tried.length > 0 && <p class="hint">{text.trial(tried.map(([backend, time]) => `${names[backend]} ${time === null ? text.failed : format.value.milliseconds(time)}`).join(", "))}</p>}
      </div>
    </Panel>
  );
}
