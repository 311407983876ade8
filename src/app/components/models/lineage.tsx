import type { ModelView } from "../../../device/api.ts";
import { format, language, messages } from "../../i18n.ts";
import { CopyButton } from "../copy-button.tsx";
import { Panel } from "../panel.tsx";

function Hash({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <CopyButton value={value} name={`${value.slice(0, 16)}…`} label={messages.value.modelsPage.copy(name)} class="hash-button" />
      </dd>
    </div>
  );
}

/** Where a model comes from: the record of the round that made it. */
export function LineagePanel({ model }: { model: ModelView }) {
  const text = messages.value.modelsPage;
  const { fields } = text;
  const { lineage, task, taskHash, author, object } = model;
  return (
    <Panel id="lineage" heading={text.lineage}>
      <dl class="lineage">
        <div>
          <dt>{fields.task}</dt>
          <dd>
            {task.title[language.value]} <CopyButton value={taskHash} name={`${taskHash.slice(0, 8)}…`} label={text.copy(fields.task)} class="hash-button" />
          </dd>
        </div>
        {lineage && (
          <>
            <div>
              <dt>{fields.round}</dt>
              <dd>{format.value.whole(lineage.round)}</dd>
            </div>
            <div>
              <dt>{fields.contributors}</dt>
              <dd>{text.contributors(lineage.contributors)}</dd>
            </div>
            <div>
              <dt>{fields.deviceRounds}</dt>
              <dd>{format.value.whole(lineage.deviceRounds)}</dd>
            </div>
            <Hash name={fields.root} value={lineage.root} />
            <Hash name={fields.prev} value={lineage.prev} />
            <Hash name={fields.model} value={lineage.model} />
          </>
        )}
        {author !== null && <Hash name={fields.author} value={author} />}
        {object !== null && <Hash name={fields.object} value={object} />}
      </dl>
      <p class="hint">{lineage ? text.lineageHint : text.noLineage}</p>
    </Panel>
  );
}
