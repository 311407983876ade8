import type { TableSurvey } from "../../../device/desk/api.ts";
import { messages } from "../../i18n.ts";
import { BadRows } from "./bad-rows.tsx";

/** A table's first rows, and those that are not well formed. @param listed these are among what the task cannot use */
export function TablePreview({ survey, listed }: { survey: TableSurvey; listed: boolean }) {
  const text = messages.value.dataPage.table;
  return (
    <>
      <h3>
        {text.heading} <span class="meta">{text.rows(survey.rows)}</span>
      </h3>
      <div class="scroll" tabIndex={0} role="region" aria-label={text.heading}>
        <table class="rows">
          <thead>
            <tr>
              {survey.columns.map(({ name }, index) => (
                <th key={index} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {survey.head.map((row, index) => (
              <tr key={index}>
                {row.map((field, column) => (
                  <td key={column}>{field}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {survey.bad.count > 0 && !listed && (
        <>
          <p class="hint wrong">{text.bad(survey.bad.count)}</p>
          <BadRows rows={survey.bad.rows} files={false} />
        </>
      )}
    </>
  );
}
