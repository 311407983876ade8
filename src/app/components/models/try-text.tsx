import { useSignal } from "@preact/signals";
import type { Device, ModelView } from "../../../device/api.ts";
import { format, language, messages } from "../../i18n.ts";
import { AnswerView } from "./answer-view.tsx";
import { useAsking } from "./asking.ts";
import { labelNames } from "./labels.ts";
import { modelProblem } from "./problem.ts";

/** Bytes that a text's model writes on at a time. */
const BYTES = 80;

const bytesOf = (text: string): Float32Array => Float32Array.from(new TextEncoder().encode(text));

/** A text, and which label the model gives it. */
export function TryPassage({ device, model }: { device: Promise<Device>; model: ModelView }) {
  const text = messages.value.modelsPage;
  const asking = useAsking(device, model.id);
  const look = (typed: string): void => (typed.trim() === "" ? asking.clear() : void asking.ask(bytesOf(typed)));
  return (
    <div class="try">
      <label class="field try-input">
        <span>{text.textHint}</span>
        <textarea rows={5} onInput={({ currentTarget }) => look(currentTarget.value)} />
      </label>
      <AnswerView asking={asking} names={labelNames(model.task, language.value)} waiting={text.waiting} />
    </div>
  );
}

/** A beginning, and what the model writes on after it. */
export function TryWriting({ device, model }: { device: Promise<Device>; model: ModelView }) {
  const text = messages.value.modelsPage;
  const prompt = useSignal("");
  const written = useSignal<{ text: string; each: number } | null>(null);
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  const write = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy.value || prompt.value === "") return;
    busy.value = true;
    problem.value = null;
    try {
      const { text: more, milliseconds } = await (await device).continueText(model.id, prompt.value, BYTES);
      written.value = { text: more, each: milliseconds / BYTES };
    } catch (cause) {
      problem.value = modelProblem(cause);
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="try-input" onSubmit={(event) => void write(event)}>
      <label class="field">
        <span>{text.prompt}</span>
        <textarea rows={3} value={prompt.value} onInput={({ currentTarget }) => (prompt.value = currentTarget.value)} />
      </label>
      <button type="submit" class="button primary" aria-disabled={busy.value || prompt.value === ""}>
        {busy.value ? text.writing : text.writeOn}
      </button>
      <div role="status">
        {problem.value !== null && <p class="hint wrong">{problem.value}</p>}
        {written.value !== null && (
          <>
            <p class="hidden">{text.written(written.value.text)}</p>
            <p class="written" aria-hidden="true">
              <span class="meta">{prompt.value}</span>
              {written.value.text}
            </p>
            <p class="meta">{text.perByte(format.value.milliseconds(written.value.each))}</p>
          </>
        )}
      </div>
    </form>
  );
}
