import type { Room } from "../device/api.ts";
import { formatJoinLink, type Place } from "./join-link.ts";

/** The address at which a tab takes part in another task of the same room: a name that ships, or a hash. */
export function taskHref(task: string, room: Room, { pathname, ...place }: Place & { pathname: string }): string {
  return `${pathname}?task=${task}${formatJoinLink(room, place)}`;
}

/** The part of this tab's address that says which task it is for; empty for the one that is taken where nothing is said. */
export function taskQuery(search: string): string {
  const task = new URLSearchParams(search).get("task");
  return task === null ? "" : `?task=${encodeURIComponent(task)}`;
}
