import { messages } from "../i18n.ts";
import type { Problem } from "../session.ts";
import { sayFault } from "./data/say-fault.ts";

const RELOADS: Problem["code"][] = ["no-worker", "engine-failed", "update-needed", "no-slot", "internal"];

/** Leaves the fragment behind and loads the page anew, in the server's open room. */
function openRoom(): void {
  history.replaceState(null, "", location.pathname + location.search);
  location.reload();
}

/** What happened, what is safe, what to do, and the button that does it. */
export function ProblemCard({ problem }: { problem: Problem }) {
  const text = messages.value.problem;
  const say = text[problem.code];
  return (
    <section class="problem" role="alert" data-problem={problem.code}>
      <p class="problem-what">
        {say.what}
        {problem.fault && ` ${sayFault(problem.fault)}`}
        {problem.part && ` ${messages.value.share.wrongPart[problem.part]}`}
      </p>
      <p>
        <strong>{text.safe}</strong> {say.safe}
      </p>
      <p>
        <strong>{text.todo}</strong> {say.todo}
      </p>
      <div class="actions">
        {RELOADS.includes(problem.code) && (
          <button type="button" class="button" onClick={() => location.reload()}>
            {text.reload}
          </button>
        )}
        {problem.code === "bad-link" && (
          <button type="button" class="button" onClick={openRoom}>
            {text.openRoom}
          </button>
        )}
      </div>
      {problem.detail !== "" && (
        <details>
          <summary>{text.detail}</summary>
          <pre>{problem.detail}</pre>
        </details>
      )}
    </section>
  );
}
