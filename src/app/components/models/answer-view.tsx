import { format, messages } from "../../i18n.ts";
import type { Asking } from "./asking.ts";

/** Labels shown; of more, the likeliest. */
const SHOWN = 10;

/** What the model says, in words and as bars, with its latency. */
export function AnswerView({ asking, names, waiting }: { asking: Asking; names: readonly string[]; waiting: string }) {
  const text = messages.value.modelsPage;
  const write = format.value;
  const answer = asking.answer.value;
  const all = names.map((name, label) => ({ name, label, probability: answer?.probabilities[label] ?? null }));
  const likeliest = [...all].sort((a, b) => (b.probability ?? 0) - (a.probability ?? 0));
  const shown = all.length > SHOWN ? likeliest.slice(0, answer === null ? 0 : SHOWN) : all;
  const best = answer === null ? undefined : likeliest[0];
  return (
    <div class="model-answer">
      <p class="answer">
        <span role="status">{asking.problem.value ?? (best ? `${best.name} (${write.roughPercent(best.probability ?? 0)})` : waiting)}</span>
      </p>
      {shown.length > 0 && (
        <table class="bars">
          <caption class="hidden">{text.probabilities}</caption>
          <tbody>
            {shown.map(({ name, label, probability }) => (
              <tr key={label} class={label === best?.label ? "best" : ""}>
                <th scope="row">{name}</th>
                <td>
                  <span class="bar" aria-hidden="true">
                    <span style={{ inlineSize: `${100 * (probability ?? 0)}%` }} />
                  </span>
                  <span class="number">{probability === null ? "–" : write.roughPercent(probability)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {answer !== null && (
        <p class="meta" data-engine={answer.engine} data-all={answer.all}>
          {text.latency(write.milliseconds(answer.engine), write.milliseconds(answer.all))}
        </p>
      )}
    </div>
  );
}
