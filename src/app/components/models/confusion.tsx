import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Device, ModelView } from "../../../device/api.ts";
import type { Evaluation } from "../../../learn/trainer.ts";
import { format, language, messages } from "../../i18n.ts";
import { Panel } from "../panel.tsx";
import { labelNames } from "./labels.ts";
import { modelProblem } from "./problem.ts";

function worstOf(confusion: readonly (readonly number[])[]): { label: number; answer: number; count: number } | null {
  const wrong = confusion.flatMap((row, label) => row.map((count, answer) => ({ label, answer, count: label === answer ? 0 : count })));
  const worst = wrong.reduce((most, entry) => (entry.count > most.count ? entry : most), { label: 0, answer: 0, count: 0 });
  return worst.count > 0 ? worst : null;
}

function Matrix({ confusion, names }: { confusion: number[][]; names: readonly string[] }) {
  const text = messages.value.modelsPage;
  return (
    <div class="scroll" role="region" aria-label={text.confusion} tabIndex={0}>
      <table class="confusion">
        <caption class="hidden">{text.confusion}</caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="hidden">{text.label}</span>
            </th>
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {confusion.map((row, label) => {
            const all = Math.max(1, row.reduce((sum, count) => sum + count, 0));
            return (
              <tr key={names[label]}>
                <th scope="row">{names[label]}</th>
                {row.map((count, answer) => (
                  <td key={names[answer]} class={label === answer ? "right" : "wrong"} style={{ "--part": `${count === 0 ? 0 : Math.round(6 + 34 * Math.min(1, (label === answer ? 1 : 4) * (count / all)))}%` }}>
                    {count === 0 ? <span class="zero">0</span> : format.value.whole(count)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** How often each label is taken for each, on the held-out samples. @param fresh changes when the model does */
export function Mistakes({ device, model, auto, fresh }: { device: Promise<Device>; model: ModelView; auto: boolean; fresh: number }) {
  const text = messages.value.modelsPage;
  const write = format.value;
  const score = useSignal<Evaluation | null>(null);
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  const evaluate = async (): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    problem.value = null;
    try {
      score.value = await (await device).scoreModel(model.id);
    } catch (cause) {
      problem.value = modelProblem(cause);
    } finally {
      busy.value = false;
    }
  };
  useEffect(() => {
    if (!auto) score.value = null;
    else void evaluate();
  }, [model.id, auto, fresh]);
  const found = score.value;
  const names = labelNames(model.task, language.value);
  const worst = found?.confusion ? worstOf(found.confusion) : null;
  return (
    <Panel id="mistakes" heading={text.mistakes} aside={found && <span class="meta">{text.heldOut(write.percent(found.accuracy), found.samples)}</span>}>
      {found === null && (
        <button type="button" class="button" aria-disabled={busy.value} onClick={() => void evaluate()}>
          {busy.value ? text.scoring : text.score}
        </button>
      )}
      {problem.value !== null && (
        <p class="hint wrong" role="alert">
          {problem.value}
        </p>
      )}
      {typeof found?.bitsPerByte === "number" && <p>{text.bits(write.loss(found.bitsPerByte), write.percent(found.accuracy))}</p>}
      {found?.confusion && (
        <>
          {worst !== null && <p class="hint">{text.worst(names[worst.label]!, names[worst.answer]!, worst.count)}</p>}
          <Matrix confusion={found.confusion} names={names} />
          <p class="hint" aria-hidden="true">
            {text.confusion}
          </p>
        </>
      )}
    </Panel>
  );
}
