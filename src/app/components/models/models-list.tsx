import { CURRENT_MODEL, type ModelView } from "../../../device/api.ts";
import { format, language, messages } from "../../i18n.ts";
import { Panel } from "../panel.tsx";

/** The models here, one of them chosen. */
export function ModelsList({ models, chosen, onPick, onRemove }: { models: readonly ModelView[]; chosen: string; onPick: (id: string) => void; onRemove: (id: string) => void }) {
  const text = messages.value.modelsPage;
  const about = ({ id, origin, lineage, parameters, bytes }: ModelView): string =>
    [id === CURRENT_MODEL ? text.current : text.origins[origin], lineage && (lineage.round === 0 ? text.untrained : text.round(lineage.round)), text.parameters(parameters), format.value.bytes(bytes)].filter(Boolean).join(" · ");
  return (
    <Panel id="models-list" heading={text.list}>
      {models.length === 0 ? (
        <p class="empty">{text.none}</p>
      ) : (
        <ul class="models-list">
          {models.map((model) => (
            <li key={model.id}>
              <label class="option">
                <input type="radio" name="model" checked={model.id === chosen} onChange={() => onPick(model.id)} />
                <span>
                  {model.task.title[language.value]}
                  <span class="hint">{about(model)}</span>
                </span>
              </label>
              {model.id !== CURRENT_MODEL && model.id === chosen && (
                <button type="button" class="button small" onClick={() => onRemove(model.id)}>
                  {text.remove}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
