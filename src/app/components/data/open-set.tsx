import { messages } from "../../i18n.ts";
import type { OpenSet, OwnDataView } from "../../own-data.ts";
import type { Session } from "../../session.ts";
import { Panel } from "../panel.tsx";
import { FitPanel } from "./fit-panel.tsx";
import { PicturesPreview } from "./pictures-preview.tsx";
import { TablePreview } from "./table-preview.tsx";

/** What there is to see of a set before it is used. */
function Preview({ open, view }: { open: OpenSet; view: OwnDataView }) {
  const text = messages.value.dataPage;
  if (open.survey !== null) return <TablePreview survey={open.survey} listed={(open.fit?.bad.count ?? 0) > 0} />;
  if (open.pictures !== null) return <PicturesPreview set={open.set} pictures={open.pictures} view={view} />;
  if (open.excerpt === null) return null;
  return (
    <>
      <h3>{text.text.heading}</h3>
      <pre class="excerpt">{open.excerpt}</pre>
    </>
  );
}

/** The set that is open, and how it goes with the task. */
export function OpenSetPanels({ view, session }: { view: OwnDataView; session: Session }) {
  const text = messages.value.dataPage;
  const open = view.open.value;
  if (open === null) return null;
  return (
    <>
      <Panel
        id="open-set"
        heading={open.set.name}
        aside={
          <button type="button" class="button small" onClick={() => view.close()}>
            {text.sets.close}
          </button>
        }
      >
        <Preview open={open} view={view} />
      </Panel>
      <FitPanel open={open} view={view} session={session} />
    </>
  );
}
