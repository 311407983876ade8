import { useComputed, useSignal } from "@preact/signals";
import type { SentFormat, SentView } from "../../device/api.ts";
import { PageHead } from "../components/page-head.tsx";
import { Panel } from "../components/panel.tsx";
import { SentKinds } from "../components/sent-kinds.tsx";
import { SentLog } from "../components/sent-log.tsx";
import { download } from "../download.ts";
import { format, language, messages } from "../i18n.ts";
import type { PageProps } from "../pages.ts";
import "../styles/sent.css";

const TYPES: Record<SentFormat, string> = { csv: "text/csv", json: "application/json" };

/** Every byte that was sent: to whom, of which kind, how protected, and what that means. */
export function Sent({ session }: PageProps) {
  const text = messages.value.sentPage;
  const view = useSignal<SentView | null>(null);
  const failed = useSignal(false);
  const clock = useComputed(() => new Intl.DateTimeFormat(language.value, { timeStyle: "short" }));
  const sent = view.value?.totals ?? [];
  const sum = (what: "bytes" | "messages"): number => sent.reduce((total, entry) => total + entry[what], 0);

  const save = async (as: SentFormat): Promise<void> => {
    try {
      download(await (await session.device).exportSent(as), `hromada-sent.${as}`, TYPES[as]);
      failed.value = false;
    } catch (cause) {
      console.error(cause);
      failed.value = true;
    }
  };
  return (
    <>
      <PageHead heading={text.heading} lead={text.lead}>
        <div class="actions">
          {(["csv", "json"] as const).map((as) => (
            <button key={as} type="button" class="button" onClick={() => void save(as)}>
              {text[as]}
            </button>
          ))}
        </div>
      </PageHead>
      {failed.value && (
        <p class="hint wrong" role="alert">
          {text.saveFailed}
        </p>
      )}
      <div class="columns">
        <div class="column">
          <dl class="tiles panel">
            <div>
              <dt>{text.total}</dt>
              <dd>{format.value.bytes(sum("bytes"))}</dd>
            </div>
            <div>
              <dt>{text.messages}</dt>
              <dd>{format.value.whole(sum("messages"))}</dd>
            </div>
            <div>
              <dt>{text.receivers}</dt>
              <dd>{format.value.whole(view.value?.receivers.length ?? 0)}</dd>
            </div>
            <div>
              <dt>{text.since}</dt>
              <dd>{view.value === null ? "–" : clock.value.format(view.value.since)}</dd>
            </div>
          </dl>
          <SentLog device={session.device} onView={(next) => (view.value = next)} />
        </div>
        <div class="column">
          <SentKinds sent={sent} />
          <Panel id="sent-unlisted" heading={text.unlisted}>
            <ul class="sent-unlisted hint">
              {text.unlistedItems.map((item) => (
                <li key={item}>{item}</li>
              ))}
            </ul>
            <p class="hint">{text.kept}</p>
          </Panel>
        </div>
      </div>
    </>
  );
}
