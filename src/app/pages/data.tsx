import { useEffect, useMemo } from "preact/hooks";
import { AddPanel } from "../components/data/add-panel.tsx";
import { LeavesPanel } from "../components/data/leaves-panel.tsx";
import { OpenSetPanels } from "../components/data/open-set.tsx";
import { SetsPanel } from "../components/data/sets-panel.tsx";
import { DataProblem } from "../components/data/data-problem.tsx";
import { PageHead } from "../components/page-head.tsx";
import { messages } from "../i18n.ts";
import { createOwnData, type OwnDataView } from "../own-data.ts";
import type { PageProps } from "../pages.ts";
import type { Session } from "../session.ts";
import { takeSharedFiles } from "../shared-files.ts";
import "../styles/data.css";

const views = new WeakMap<Session, OwnDataView>();

/** One for as long as the tab lives, so that what is open stays so on the way to another page and back. */
function viewOf(session: Session): OwnDataView {
  const view = views.get(session) ?? createOwnData({ slot: session.claimed.then(({ slot }) => slot), task: session.device.then((device) => device.task()) });
  views.set(session, view);
  return view;
}

/** What another app shared with this one, which is then a set like any other. */
async function takeShared(view: OwnDataView): Promise<void> {
  if (new URLSearchParams(location.search).get("shared") !== "1") return;
  const query = new URLSearchParams(location.search);
  query.delete("shared");
  history.replaceState(null, "", `${location.pathname}?${query.toString()}${location.hash}`);
  const files = await takeSharedFiles();
  if (files.length > 0) await view.add(files.map((file) => ({ file, name: file.name })), files[0]!.name, true);
}

/** Give, look at, label and forget data of one's own. */
export function Data({ session }: PageProps) {
  const text = messages.value.dataPage;
  const view = useMemo(() => viewOf(session), [session]);
  useEffect(() => void takeShared(view), [view]);
  return (
    <>
      <PageHead heading={text.heading} lead={text.lead} />
      <div class="columns data-page">
        <div class="column">
          <DataProblem problem={view.problem.value} />
          <AddPanel view={view} session={session} />
          <OpenSetPanels view={view} session={session} />
        </div>
        <div class="column">
          <SetsPanel view={view} />
          <LeavesPanel lasting={view.lasting.value} />
        </div>
      </div>
    </>
  );
}
