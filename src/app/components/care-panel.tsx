import type { Snapshot } from "../../device/api.ts";
import { type CareSettings, SHARES } from "../../device/care.ts";
import { careSettings, facts, keepAwake } from "../care.ts";
import { format, messages } from "../i18n.ts";
import { wakeState } from "../wake-lock.ts";
import { Choices } from "./choices.tsx";
import { Panel } from "./panel.tsx";
import { Switch } from "./switch.tsx";

const set = (change: Partial<CareSettings>): void => void (careSettings.value = { ...careSettings.value, ...change });

/** The engine's share of the time, and what it comes to. */
function Share({ snapshot }: { snapshot: Snapshot | null }) {
  const text = messages.value.settingsPage.care;
  const percent = format.value.roughPercent;
  const measured = snapshot?.care.measured ?? null;
  const backend = snapshot?.trainer?.backend ?? null;
  const share = careSettings.value.share;
  return (
    <>
      <div class="setting">
        <p id="care-share" aria-hidden="true">
          {text.cpu}
        </p>
        <Choices label={text.cpu} name="care-share" options={SHARES.map(String).reverse()} text={(option) => percent(Number(option))} value={String(share)} onPick={(option) => set({ share: Number(option) })} />
        <p class="hint">
          {text.cpuHint}{" "}
          <span class="now" data-measured={measured ?? ""}>
            {measured === null ? text.unmeasured : text.measured(percent(measured))}
          </span>
        </p>
      </div>
      <div class="setting">
        <p id="care-gpu">{text.gpu}</p>
        <input type="range" min="0" max="100" value={backend === "webgpu" || backend === null ? 100 * share : 0} disabled aria-labelledby="care-gpu" aria-describedby="care-gpu-hint" />
        <p class="hint" id="care-gpu-hint">
          {backend === "webgpu" || backend === null ? text.gpuOff(percent(share)) : text.gpuUnused}
        </p>
      </div>
    </>
  );
}

/** How much this device may do, and when. */
export function CarePanel({ snapshot }: { snapshot: Snapshot | null }) {
  const text = messages.value.settingsPage.care;
  const write = format.value;
  const settings = careSettings.value;
  const { charging, level, metered } = facts.value;
  const slowdown = snapshot?.care.slowdown ?? null;
  return (
    <Panel id="care" heading={text.heading}>
      <p class="hint">{text.lead}</p>
      <Share snapshot={snapshot} />
      <Switch
        label={text.battery}
        checked={settings.battery}
        onChange={(battery) => set({ battery })}
        now={charging === null ? text.batteryNow.unknown : charging ? text.batteryNow.mains : text.batteryNow.running(write.roughPercent(level ?? 0))}
      />
      <Switch label={text.metered} checked={settings.metered} onChange={(on) => set({ metered: on })} now={metered === null ? text.meteredNow.unknown : metered ? text.meteredNow.yes : text.meteredNow.no} />
      <Switch label={text.background} checked={settings.background} onChange={(background) => set({ background })} hint={text.backgroundHint} />
      <Switch label={text.backOff} checked={settings.backOff} onChange={(backOff) => set({ backOff })} hint={text.backOffHint} now={slowdown === null ? null : text.pace(write.one(slowdown))} />
      <Switch label={text.awake} checked={keepAwake.value} disabled={wakeState.value === "missing"} onChange={(on) => void (keepAwake.value = on)} now={text.awakeNow[wakeState.value]} />
    </Panel>
  );
}
