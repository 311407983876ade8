import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Device, ExportFormat, ModelView } from "../../../device/api.ts";
import { download } from "../../download.ts";
import { messages } from "../../i18n.ts";
import { CopyButton } from "../copy-button.tsx";
import { Panel } from "../panel.tsx";
import { modelProblem } from "./problem.ts";

const FORMATS: readonly ExportFormat[] = ["tfjs", "onnx", "weights"];
/** What they call themselves, in every language. */
const NAMES: Partial<Record<ExportFormat, string>> = { tfjs: "TensorFlow.js", onnx: "ONNX" };
const TYPES: Record<ExportFormat, string> = { tfjs: "application/zip", onnx: "application/octet-stream", weights: "application/octet-stream" };

/** Which of them a model can be written in: both name layers, which a GPT and a frozen extractor's head are not. */
const formatsOf = ({ task }: ModelView): readonly ExportFormat[] => (task.model.className === "Sequential" ? FORMATS : ["weights"]);

/** Takes a model elsewhere: as a file, or to the swarm. @param inRoom whether there is anybody to publish to */
export function ModelActions({ device, model, inRoom, onChange }: { device: Promise<Device>; model: ModelView; inRoom: boolean; onChange: () => void }) {
  const text = messages.value.modelsPage;
  const said = useSignal<{ text: string; wrong: boolean } | null>(null);
  const publishing = useSignal(false);
  const published = useSignal<string | null>(null);
  useEffect(() => {
    said.value = published.value = null;
  }, [model.id]);
  const attempt = async (work: (ready: Device) => Promise<string | null>): Promise<void> => {
    said.value = null;
    try {
      const done = await work(await device);
      said.value = done === null ? null : { text: done, wrong: false };
    } catch (cause) {
      said.value = { text: modelProblem(cause), wrong: true };
    }
  };
  const save = (format: ExportFormat) =>
    attempt(async (ready) => {
      const { name, bytes } = await ready.exportModelAs(model.id, format);
      download(bytes, name, TYPES[format]);
      return text.saved(name);
    });
  const publish = async (): Promise<void> => {
    if (publishing.value || !inRoom) return;
    publishing.value = true;
    await attempt(async (ready) => {
      published.value = await ready.publishModel(model.id);
      onChange();
      return null;
    });
    publishing.value = false;
  };
  return (
    <Panel id="take" heading={text.take}>
      <ul class="formats">
        {formatsOf(model).map((format) => (
          <li key={format}>
            <button type="button" class="button" onClick={() => void save(format)}>
              {NAMES[format] ?? text.numbers}
            </button>
            <span class="hint">{text.formats[format]}</span>
          </li>
        ))}
      </ul>
      <div class="publish">
        <button type="button" class="button" aria-disabled={!inRoom || publishing.value} onClick={() => void publish()}>
          {publishing.value ? text.publishing : text.publish}
        </button>
        <p class="hint">{inRoom ? text.publishHint : text.publishIdle}</p>
        {published.value !== null && (
          <p class="published">
            {text.published} <code>{published.value}</code> <CopyButton value={published.value} label={text.copyId} class="button small" />
          </p>
        )}
      </div>
      <p class={said.value?.wrong ? "hint wrong" : "hint"} role="status">
        {said.value?.text}
      </p>
    </Panel>
  );
}
