import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { CURRENT_MODEL, type Device, type ModelView } from "../../device/api.ts";
import { Chart, type Line } from "../components/chart.tsx";
import { BringModel } from "../components/models/bring-model.tsx";
import { Mistakes } from "../components/models/confusion.tsx";
import { LineagePanel } from "../components/models/lineage.tsx";
import { ModelActions } from "../components/models/model-actions.tsx";
import { ModelsList } from "../components/models/models-list.tsx";
import { TryPicture } from "../components/models/try-picture.tsx";
import { TryRow } from "../components/models/try-row.tsx";
import { TryPassage, TryWriting } from "../components/models/try-text.tsx";
import { PageHead } from "../components/page-head.tsx";
import { Panel } from "../components/panel.tsx";
import { format, messages } from "../i18n.ts";
import type { PageProps } from "../pages.ts";
import type { Session } from "../session.ts";
import "../styles/models.css";

const ACCURACY: Line[] = [{ colour: "--accent", width: 2, points: true }];
const WHOLE: [number, number] = [0, 1];

function Try({ device, model }: { device: Promise<Device>; model: ModelView }) {
  const { data } = model.task;
  switch (data.kind) {
    case "image":
      return <TryPicture key={model.id} device={device} model={model} data={data} />;
    case "table":
      return <TryRow key={model.id} device={device} model={model} data={data} />;
    case "passages":
      return <TryPassage key={model.id} device={device} model={model} />;
    case "text":
      return <TryWriting key={model.id} device={device} model={model} />;
  }
}

function Curve({ session }: { session: Session }) {
  const text = messages.value.modelsPage;
  const version = session.curvesVersion.value;
  const { accuracy } = session.curves;
  const last = accuracy[1]?.findLast((value) => value !== null) ?? null;
  return (
    <Panel id="model-curve" heading={text.curve} aside={<span class="meta">{text.curveHint}</span>}>
      {last === null ? (
        <p class="empty">{text.curveEmpty}</p>
      ) : (
        <Chart columns={accuracy} version={version} lines={ACCURACY} range={WHOLE} tick={format.value.roughPercent} text={text.curveText(format.value.percent(last), accuracy[0].at(-1) ?? 0)} failed={messages.value.curves.failed} />
      )}
    </Panel>
  );
}

/** Models on this device: to be tried, looked into, taken elsewhere and given to others. */
export function Models({ session }: PageProps) {
  const text = messages.value.modelsPage;
  const snapshot = session.snapshot.value;
  const models = useSignal<ModelView[] | null>(null);
  const chosen = useSignal<string>(CURRENT_MODEL);
  const rounds = snapshot?.rounds ?? [];
  const scored = rounds.findLast(({ accuracy }) => accuracy !== null)?.round ?? 0;
  const refresh = async (): Promise<void> => {
    models.value = await (await session.device).models();
  };
  useEffect(() => void refresh(), [rounds.length, scored, snapshot?.trainer === null]);
  const pick = async (id: string): Promise<void> => {
    await refresh();
    chosen.value = id;
  };
  const remove = async (id: string): Promise<void> => {
    await (await session.device).removeModel(id);
    await pick(CURRENT_MODEL);
  };
  const list = models.value;
  const model = list?.find(({ id }) => id === chosen.value) ?? list?.[0];
  const inRoom = snapshot !== null && snapshot.self !== null;
  return (
    <>
      <PageHead heading={text.heading} lead={text.lead} />
      <div class="columns models-page">
        <div class="column">
          {model && (
            <>
              <Panel id="try" heading={text.try}>
                <p class="hint">{text.tryHint}</p>
                <Try device={session.device} model={model} />
              </Panel>
              <Mistakes device={session.device} model={model} auto={model.id === CURRENT_MODEL && inRoom && scored > 0} fresh={scored} />
              {model.id === CURRENT_MODEL && <Curve session={session} />}
            </>
          )}
          {list?.length === 0 && <ModelsList models={list} chosen="" onPick={() => undefined} onRemove={() => undefined} />}
        </div>
        <div class="column">
          {list !== null && list.length > 0 && <ModelsList models={list} chosen={model?.id ?? ""} onPick={(id) => void pick(id)} onRemove={(id) => void remove(id)} />}
          {model && <ModelActions device={session.device} model={model} inRoom={inRoom} onChange={() => void refresh()} />}
          {model && <LineagePanel model={model} />}
          <BringModel device={session.device} library={snapshot?.library ?? null} onModel={(id) => void pick(id)} />
        </div>
      </div>
    </>
  );
}
