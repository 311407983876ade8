import { messages } from "../../i18n.ts";
import { Panel } from "../panel.tsx";

/** A plain statement of what leaves the device, and what does not. */
export function LeavesPanel({ lasting }: { lasting: boolean }) {
  const text = messages.value.dataPage.leaves;
  return (
    <Panel id="leaves" heading={text.heading} class="leaves">
      <p class="stays">{text.never}</p>
      <ul>
        <li>{text.update}</li>
        <li>{text.counts}</li>
        <li>{text.task}</li>
      </ul>
      <p class="hint">{lasting ? text.where.lasting : text.where.visit}</p>
    </Panel>
  );
}
