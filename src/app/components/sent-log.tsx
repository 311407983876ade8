import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Device, type Receiver, SENT_KINDS, type SentKind, type SentView } from "../../device/api.ts";
import { format, language, messages } from "../i18n.ts";
import { shortId } from "../mesh-layout.ts";
import { Panel } from "./panel.tsx";

/** While the newest are shown, they are asked for this often, in milliseconds. */
const REFRESH = 1_000;

const receiverName = (to: Receiver): string => {
  const text = messages.value.sentPage;
  return to === "room" || to === "server" ? text.receiver[to as "room" | "server"] : text.device(shortId(to));
};

function Filters(props: { receivers: SentView["receivers"]; kind: SentKind | ""; to: Receiver | ""; onKind: (kind: SentKind | "") => void; onTo: (to: Receiver | "") => void }) {
  const text = messages.value.sentPage;
  return (
    <div class="sent-filters" role="group" aria-label={text.filters}>
      <label class="field">
        <span>{text.kind}</span>
        <select value={props.kind} onChange={({ currentTarget }) => props.onKind(currentTarget.value as SentKind | "")}>
          <option value="">{text.anyKind}</option>
          {SENT_KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {text.kinds[kind].name}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{text.to}</span>
        <select value={props.to} onChange={({ currentTarget }) => props.onTo(currentTarget.value as Receiver | "")}>
          <option value="">{text.anybody}</option>
          {props.receivers.map(({ id, bytes }) => (
            <option key={id} value={id}>
              {receiverName(id)} · {format.value.bytes(bytes)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Table({ records }: Pick<SentView, "records">) {
  const text = messages.value.sentPage;
  const clock = useComputed(() => new Intl.DateTimeFormat(language.value, { timeStyle: "medium" }));
  return (
    <table class="plain sent-table">
      <caption class="hidden">{text.table}</caption>
      <thead>
        <tr>
          <th scope="col">{text.when}</th>
          <th scope="col">{text.what}</th>
          <th scope="col" class="number">
            {text.bytes}
          </th>
        </tr>
      </thead>
      <tbody>
        {records.map(({ at, to, kind, protection, bytes }) => (
          <tr key={`${at} ${to} ${kind} ${protection}`}>
            <td class="numbers">
              <time dateTime={new Date(at).toISOString()}>{clock.value.format(at)}</time>
            </td>
            <td class="sent-what">
              {text.kinds[kind].name}
              <small>
                {to !== "server" && <span title={to}>{receiverName(to)} · </span>}
                {text.protections[protection]}
              </small>
            </td>
            <td class="number">{format.value.whole(bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The log itself, of one kind or to one receiver where the person wants; the newest as they come. */
export function SentLog({ device, onView }: { device: Promise<Device>; onView: (view: SentView) => void }) {
  const text = messages.value.sentPage;
  const kind = useSignal<SentKind | "">("");
  const to = useSignal<Receiver | "">("");
  const before = useSignal<number | null>(null);
  const view = useSignal<SentView | null>(null);

  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      const ready = await device;
      const next = await ready.sentLog({ ...(kind.value !== "" && { kind: kind.value }), ...(to.value !== "" && { to: to.value }), ...(before.value !== null && { before: before.value }) });
      if (gone) return;
      view.value = next;
      onView(next);
      // Older ones do not change.
      if (before.value === null) timer = setTimeout(() => void look(), REFRESH);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [kind.value, to.value, before.value]);

  const change = (apply: () => void): void => {
    before.value = null;
    apply();
  };
  const shown = view.value;
  const filtered = kind.value !== "" || to.value !== "";
  return (
    <Panel id="sent-log" heading={text.log} aside={shown && <span class="meta">{text.found(shown.found.records, format.value.bytes(shown.found.bytes))}</span>}>
      <Filters receivers={shown?.receivers ?? []} kind={kind.value} to={to.value} onKind={(next) => change(() => (kind.value = next))} onTo={(next) => change(() => (to.value = next))} />
      {shown === null ? <p class="empty">{messages.value.page.loading}</p> : shown.records.length > 0 ? <Table records={shown.records} /> : <p class="empty">{filtered ? text.emptyFilter : text.empty}</p>}
      {shown && (shown.older !== null || before.value !== null) && (
        <div class="actions">
          <button type="button" class="button small" aria-disabled={before.value === null} onClick={() => (before.value = null)}>
            {text.newest}
          </button>
          <button type="button" class="button small" aria-disabled={shown.older === null} onClick={() => shown.older !== null && (before.value = shown.older)}>
            {text.older}
          </button>
        </div>
      )}
      {shown && shown.gone.records > 0 && <p class="hint">{text.gone(shown.gone.records, format.value.bytes(shown.gone.bytes))}</p>}
    </Panel>
  );
}
