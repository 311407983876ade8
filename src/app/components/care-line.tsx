import type { Snapshot } from "../../device/api.ts";
import { format, messages } from "../i18n.ts";
import { PageLink } from "./page-link.tsx";

/** What keeps this device from doing all that it could, and the way to change it; nothing where nothing does. */
export function CareLine({ care }: { care: Snapshot["care"] }) {
  const text = messages.value.status;
  const write = format.value;
  const { easing, hold, share, slowdown } = care;
  if (hold === null && easing === null && share === 1) return null;
  return (
    <p class="meta care-line" data-share={share} data-easing={easing ?? ""}>
      {easing === null ? hold === null && text.share(write.roughPercent(share)) : easing === "slower" ? text.eased.slower(write.one(slowdown ?? 1)) : text.eased[easing]}{" "}
      <PageLink to="settings">{text.limits}</PageLink>
    </p>
  );
}
