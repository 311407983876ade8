import type { BadRow } from "../../../device/desk/api.ts";
import { messages } from "../../i18n.ts";
import { sayFault } from "./say-fault.ts";

/** What cannot be used, each with its place. @param files of pictures, whose place is among the files */
export function BadRows({ rows, files }: { rows: readonly BadRow[]; files: boolean }) {
  const text = messages.value.dataPage.fit;
  return (
    <ol class="bad-rows">
      {rows.map(({ line, column, fault }, index) => (
        <li key={index}>
          <span class="bad-place">{files ? text.file(line) : text.place(line, column)}</span> {sayFault(fault)}
        </li>
      ))}
    </ol>
  );
}
