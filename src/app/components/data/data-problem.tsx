import { messages } from "../../i18n.ts";
import type { Problem } from "../../own-data.ts";
import { sayFault } from "./say-fault.ts";

/** What did not work, and what is safe. */
export function DataProblem({ problem }: { problem: Problem | null }) {
  const text = messages.value.dataPage.problem;
  if (problem === null) return null;
  const codes: Record<string, string> = text.codes;
  return (
    <section class="problem" role="alert" data-problem={problem.code}>
      <p class="problem-what">
        {text.heading}. {problem.fault === null ? (codes[problem.code] ?? text.codes.other) : sayFault(problem.fault)}
      </p>
      <p>{text.safe}</p>
      <details>
        <summary>{text.detail}</summary>
        <pre>{problem.detail}</pre>
      </details>
    </section>
  );
}
