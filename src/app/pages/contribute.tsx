import { CurvesPanel } from "../components/curves.tsx";
import { DrawPanel } from "../components/draw-panel.tsx";
import { GivenPanel } from "../components/given.tsx";
import { JoinCard } from "../components/join-card.tsx";
import { KeysPanel } from "../components/keys-panel.tsx";
import { LendPanel } from "../components/lend-panel.tsx";
import { MeshGraph } from "../components/mesh-graph.tsx";
import { PrivacyNote } from "../components/privacy-note.tsx";
import { ProblemCard } from "../components/problem-card.tsx";
import { RoundStages } from "../components/round-stages.tsx";
import { RoundsTable } from "../components/rounds-table.tsx";
import { SharePanel } from "../components/share-panel.tsx";
import { StatusBar } from "../components/status-bar.tsx";
import { TaskCard } from "../components/task-card.tsx";
import { WantedCard } from "../components/wanted-card.tsx";
import type { Session } from "../session.ts";

/** Join, watch, draw, share, leave: the whole of contributing on one page. */
export function Contribute({ session }: { session: Session }) {
  const snapshot = session.snapshot.value;
  const idle = snapshot === null || snapshot.status === "idle";
  const problem = snapshot?.error ?? session.problem.value;
  const digits = (snapshot?.task.data.source ?? "digits") === "digits";
  const worked = snapshot !== null && snapshot.rounds.length > 0;
  if (snapshot !== null && snapshot.wanted !== null) {
    return (
      <>
        {problem !== null && <ProblemCard problem={problem} />}
        <WantedCard session={session} />
      </>
    );
  }
  return (
    <>
      {!idle && <StatusBar session={session} snapshot={snapshot} />}
      {problem !== null && <ProblemCard problem={problem} />}
      {idle ? (
        <div class="columns idle">
          <div class="column">
            <JoinCard session={session} />
            {digits && session.room !== null && <DrawPanel session={session} />}
            {worked && <CurvesPanel session={session} />}
            {worked && <RoundsTable snapshot={snapshot} />}
          </div>
          <div class="column">
            <TaskCard session={session} />
            {worked && <GivenPanel snapshot={snapshot} />}
            {session.room !== null && <SharePanel room={session.room} />}
            {snapshot !== null && <LendPanel session={session} library={snapshot.library} />}
            {snapshot !== null && <KeysPanel session={session} keys={snapshot.keys} />}
          </div>
        </div>
      ) : (
        <div class="columns">
          <div class="column">
            {snapshot.status !== "failed" && <RoundStages snapshot={snapshot} />}
            <CurvesPanel session={session} />
            <RoundsTable snapshot={snapshot} />
            <GivenPanel snapshot={snapshot} />
            <PrivacyNote session={session} />
          </div>
          <div class="column">
            <MeshGraph snapshot={snapshot} />
            {digits && <DrawPanel session={session} />}
            {session.room !== null && <SharePanel room={session.room} />}
            <LendPanel session={session} library={snapshot.library} />
          </div>
        </div>
      )}
    </>
  );
}
