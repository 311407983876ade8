import type { Room } from "../device/api.ts";
import { formatJoinLink } from "./join-link.ts";

/** A device opens in one room, so another room is another load of the page. */
export function goToRoom(room: Room): void {
  history.replaceState(null, "", location.pathname + location.search + formatJoinLink(room, location));
  location.reload();
}
