import type { ReadonlySignal } from "@preact/signals";
import { messages } from "../i18n.ts";
import { putUpdateOff, update, type UpdateOffer } from "../update.ts";

/** A new version is there: now, later, or once the training is over. Never in its way. */
export function UpdateBar({ offer }: { offer: ReadonlySignal<UpdateOffer> }) {
  const text = messages.value.update;
  const now = offer.value;
  return (
    <div class={now === null ? "hidden" : "update-bar"} role="status" data-update={now ?? ""}>
      {now !== null && (
        <>
          <p>{text[now]}</p>
          <div class="actions">
            {now === "ready" && (
              <button type="button" class="button small primary" onClick={update}>
                {text.now}
              </button>
            )}
            <button type="button" class="button small" onClick={putUpdateOff}>
              {text.later}
            </button>
          </div>
        </>
      )}
    </div>
  );
}
