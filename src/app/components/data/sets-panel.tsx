import { useSignal } from "@preact/signals";
import type { OwnSet } from "../../../device/desk/api.ts";
import { format, messages } from "../../i18n.ts";
import type { OwnDataView } from "../../own-data.ts";
import { Panel } from "../panel.tsx";

/** Forgetting cannot be undone, so it is asked once more, in place. */
function Forget({ label, name, onForget }: { label: string; name: string; onForget: () => void }) {
  const text = messages.value.dataPage.sets;
  const asking = useSignal(false);
  if (!asking.value) {
    return (
      <button type="button" class="button small" aria-label={name} onClick={() => (asking.value = true)}>
        {label}
      </button>
    );
  }
  return (
    <span class="actions" role="group" aria-label={name}>
      <span class="hint">{text.forgetSure}</span>
      <button type="button" class="button small danger" onClick={onForget}>
        {text.forgetYes}
      </button>
      <button type="button" class="button small" ref={(button) => button?.focus()} onClick={() => (asking.value = false)}>
        {text.forgetNo}
      </button>
    </span>
  );
}

function SetRow({ set, view, current }: { set: OwnSet; view: OwnDataView; current: boolean }) {
  const text = messages.value.dataPage.sets;
  const facts = [text.kinds[set.kind], set.files > 1 ? text.files(set.files) : null, format.value.bytes(set.bytes), set.kept ? text.kept : text.visit];
  return (
    <li class="set" aria-current={current ? "true" : undefined}>
      <button type="button" class="set-open" aria-label={text.open(set.name)} onClick={() => void view.show(set.id)}>
        <span class="set-name">{set.name}</span>
        <span class="meta">{facts.filter((fact) => fact !== null).join(" · ")}</span>
      </button>
      <Forget label={text.forget} name={`${text.forget}: ${set.name}`} onForget={() => void view.forget(set.id)} />
    </li>
  );
}

/** What a person has given, and the ways to be rid of it. */
export function SetsPanel({ view }: { view: OwnDataView }) {
  const text = messages.value.dataPage.sets;
  const sets = view.sets.value;
  const forgot = useSignal(false);
  const forgetAll = async (): Promise<void> => {
    await view.forgetAll();
    forgot.value = true;
  };
  return (
    <Panel id="sets" heading={text.heading}>
      {sets === null ? <p class="empty">{text.loading}</p> : sets.length === 0 && <p class="empty">{text.empty}</p>}
      {sets !== null && sets.length > 0 && (
        <>
          <ul class="sets">
            {sets.map((set) => (
              <SetRow key={set.id} set={set} view={view} current={view.open.value?.set.id === set.id} />
            ))}
          </ul>
          <Forget label={text.forgetAll} name={text.forgetAll} onForget={() => void forgetAll()} />
        </>
      )}
      <p class="hint" role="status">
        {forgot.value && sets?.length === 0 ? text.forgot : ""}
      </p>
    </Panel>
  );
}
