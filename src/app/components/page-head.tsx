import type { ComponentChildren } from "preact";

/** A page's heading, one sentence of what it is for, and what can be done from here. */
export function PageHead({ heading, lead, children }: { heading: string; lead?: ComponentChildren; children?: ComponentChildren }) {
  return (
    <div class="page-head">
      <div class="page-head-words">
        <h1>{heading}</h1>
        {lead !== undefined && <p class="lead">{lead}</p>}
      </div>
      {children}
    </div>
  );
}
