import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { format, messages } from "../i18n.ts";
import { shortId } from "../mesh-layout.ts";
import type { Session } from "../session.ts";
import { statusText } from "./status-bar.tsx";

/** Finished rounds are read out at most this often, in milliseconds; changes of state always. */
const ROUND_NEWS_INTERVAL = 30_000;

/** Tells screen readers what changed, politely and not for every number that moves. */
export function Announcer({ session }: { session: Session }) {
  const said = useSignal("");
  const last = useRef({ status: "", turnDown: false, departures: 0, round: 0, at: 0 });
  useSignalEffect(() => {
    const snapshot = session.snapshot.value;
    if (snapshot === null) return;
    const before = last.current;
    const scored = snapshot.rounds.findLast((round) => round.accuracy !== null);
    const now = Date.now();
    const gone = snapshot.departures.slice(before.departures).at(-1);
    if (snapshot.status !== before.status) said.value = statusText(snapshot);
    else if (snapshot.turnDown && !before.turnDown) said.value = messages.value.status.turnDown;
    else if (gone) said.value = messages.value.status.left(shortId(gone.peer));
    else if (scored && scored.round !== before.round && now - before.at >= ROUND_NEWS_INTERVAL) {
      before.at = now;
      before.round = scored.round;
      said.value = messages.value.status.done(scored.round, format.value.percent(scored.accuracy ?? 0));
    }
    before.status = snapshot.status;
    before.turnDown = snapshot.turnDown;
    before.departures = snapshot.departures.length;
  });
  return (
    <p class="hidden" role="status">
      {said}
    </p>
  );
}
