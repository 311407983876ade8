import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { PHASES, type DeviceStatus, type Snapshot } from "../../device/api.ts";
import { CareLine } from "../components/care-line.tsx";
import { Choices } from "../components/choices.tsx";
import { Confirm } from "../components/confirm.tsx";
import { FileButton } from "../components/file-button.tsx";
import { MeshGraph } from "../components/mesh-graph.tsx";
import { PageHead } from "../components/page-head.tsx";
import { Panel } from "../components/panel.tsx";
import { ProblemCard } from "../components/problem-card.tsx";
import { RoundStages } from "../components/round-stages.tsx";
import { RoundsTable } from "../components/rounds-table.tsx";
import { StatusBar } from "../components/status-bar.tsx";
import { Switch } from "../components/switch.tsx";
import { UpdateBar } from "../components/update-bar.tsx";
import { messages } from "../i18n.ts";
import type { PageProps } from "../pages.ts";
import "../styles/settings.css";

const STATUSES: DeviceStatus[] = ["loading", "joining", "resting", "alone", "training", "paused", "failed"];
const TOKENS = ["ground", "surface", "raised", "ink", "soft", "faint", "line", "edge", "accent", "accent-strong", "accent-wash", "on-accent", "warn", "warn-wash"];
const none = (): void => undefined;

function Part({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <Panel id={`style-${name.toLowerCase().replaceAll(" ", "-")}`} heading={name}>
      {children}
    </Panel>
  );
}

function Buttons() {
  return (
    <Part name="Buttons">
      {["", "primary", "danger", "small", "primary small", "large primary"].map((kind) => (
        <div key={kind} class="actions">
          {[false, true].map((disabled) => (
            <button key={String(disabled)} type="button" class={`button ${kind}`} aria-disabled={disabled}>
              {kind || "plain"}
              {disabled && ", not now"}
            </button>
          ))}
        </div>
      ))}
    </Part>
  );
}

function Inputs() {
  return (
    <Part name="Inputs">
      <Choices label="Choices" name="style-choices" options={["one", "two", "three"]} text={(option) => option} value="two" onPick={none} />
      <label class="field">
        <span>Text</span>
        <input type="text" placeholder="placeholder" />
      </label>
      <label class="field">
        <span>Select</span>
        <select>
          <option>one</option>
          <option>two</option>
        </select>
      </label>
      <FileButton text="Choose a file" name="style" onFiles={() => undefined} />
      {[false, true].map((checked) => (
        <label key={String(checked)} class="option">
          <input type="checkbox" checked={checked} />
          <span>
            Option <span class="hint">with a hint</span>
          </span>
        </label>
      ))}
      {[false, true].flatMap((checked) => [false, true].map((disabled) => <Switch key={`${checked}${disabled}`} label={`Switch ${checked ? "on" : "off"}${disabled ? ", not here" : ""}`} checked={checked} disabled={disabled} hint="What it means." now="Now: so and so." onChange={none} />))}
      <Confirm label="Forget something" hint="There is no way back." act={async () => undefined} />
      <details>
        <summary>More</summary>
        <p class="hint">What was folded.</p>
      </details>
    </Part>
  );
}

function Words() {
  return (
    <Part name="Words">
      <p>Text of a paragraph.</p>
      <p class="lead">A lead.</p>
      <p class="hint">A hint.</p>
      <p class="hint wrong">A hint of what is wrong.</p>
      <p class="meta">What is beside the point.</p>
      <p class="empty">Nothing is here yet.</p>
      <p class="empty loading">Loading.</p>
      <dl class="tiles">
        {["Samples", "Sent", "Received"].map((name, index) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{1_000 * index}</dd>
          </div>
        ))}
      </dl>
      <ul class="bullets">
        <li>one</li>
        <li>two</li>
      </ul>
      <ul class="actions">
        {TOKENS.map((token) => (
          <li key={token} class="meta">
            <svg width="32" height="32" aria-hidden="true">
              <rect width="32" height="32" fill={`var(--${token})`} stroke="var(--edge)" />
            </svg>{" "}
            {token}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Training({ session, snapshot }: { session: PageProps["session"]; snapshot: Snapshot }) {
  const care = snapshot.care;
  return (
    <>
      {STATUSES.map((status) => (
        <Part key={status} name={`Status ${status}`}>
          <StatusBar session={session} snapshot={{ ...snapshot, status }} />
        </Part>
      ))}
      <Part name="Care">
        <CareLine care={{ ...care, share: 0.5 }} />
        <CareLine care={{ ...care, easing: "slower", slowdown: 1.7 }} />
        <CareLine care={{ ...care, easing: "low-battery" }} />
        {(["battery", "metered", "background"] as const).map((hold) => (
          <StatusBar key={hold} session={session} snapshot={{ ...snapshot, status: "paused", care: { ...care, hold } }} />
        ))}
      </Part>
      {PHASES.map((phase, index) => (
        <RoundStages key={phase} snapshot={{ ...snapshot, status: "training", phase, phaseProgress: index / PHASES.length, round: index, timeLeft: 1_000 * index }} />
      ))}
      <MeshGraph snapshot={snapshot} />
      <RoundsTable snapshot={snapshot} />
    </>
  );
}

/** Every component in all its states; in development only. */
export function Style({ session }: PageProps) {
  const snapshot = session.snapshot.value;
  const problems = Object.keys(messages.value.problem) as (keyof typeof messages.value.problem)[];
  return (
    <>
      <PageHead heading="Style" lead="Every component in all its states. Development only." />
      <UpdateBar offer={signal("ready")} />
      <UpdateBar offer={signal("after-training")} />
      <div class="columns">
        <div class="column">
          <Buttons />
          <Inputs />
          {snapshot !== null && <Training session={session} snapshot={snapshot} />}
        </div>
        <div class="column">
          <Words />
          {problems.map((code) => {
            const text = messages.value.problem[code];
            return typeof text === "string" ? null : <ProblemCard key={code} problem={{ code: code as never, detail: "EngineError: the detail of it" }} />;
          })}
        </div>
      </div>
    </>
  );
}
