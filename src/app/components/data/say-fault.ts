import type { DataFault, RowFault } from "../../../device/desk/api.ts";
import { messages } from "../../i18n.ts";

/** What is wrong with a person's data, in the page's language. */
export function sayFault(fault: RowFault | DataFault): string {
  const say = messages.value.faults[fault.what] as string | ((values: RowFault | DataFault) => string);
  return typeof say === "string" ? say : say(fault);
}
