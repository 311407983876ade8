import { messages } from "../i18n.ts";
import type { Session } from "../session.ts";

/** A task that this tab's link names and that has to be fetched first. The tab starts again with it. */
export function WantedCard({ session }: { session: Session }) {
  const text = messages.value.tasksPage.wanted;
  const snapshot = session.snapshot.value;
  const searching = snapshot?.status === "joining";
  const get = async (): Promise<void> => {
    const device = await session.device;
    await device.fetchTask();
    if ((await device.snapshot()).wanted === null) location.reload();
  };
  return (
    <section class="hero" aria-labelledby="wanted-heading">
      <h1 id="wanted-heading">{text.heading}</h1>
      <div class="hero-main">
        <p class="lead">{text.text}</p>
        <button type="button" class="button primary large" onClick={() => void (searching ? session.leave() : get())}>
          {searching ? text.stop : text.get}
        </button>
        <p class="hint" role="status">
          {searching ? `${text.getting} ${text.still}` : ""}
        </p>
      </div>
    </section>
  );
}
