import type { PeerId } from "../wire/ids.ts";
import type { Update } from "./message.ts";

/** What is still to be passed on, in the messages that are sent anyway (SWIM, 4.1 and 4.5). */
export interface Dissemination {
  /** In the place of what was said of that peer before. */
  put(update: Update): void;
  /** This device no longer says so. */
  drop(peer: PeerId): void;
  /** The updates passed on the least, each at most `times` in all. */
  take(count: number, times: number): readonly Update[];
  readonly size: number;
}

const NONE: readonly Update[] = [];

export function createDissemination(): Dissemination {
  const items = new Map<PeerId, { update: Update; sent: number }>();
  return {
    put: (update) => void items.set(update.peer, { update, sent: 0 }),
    drop: (peer) => void items.delete(peer),
    take(count, times) {
      if (items.size === 0) return NONE;
      let chosen = [...items.values()];
      if (chosen.length > count) chosen = chosen.sort((a, b) => a.sent - b.sent).slice(0, count);
      for (const item of chosen) if (++item.sent >= times) items.delete(item.update.peer);
      return chosen.map(({ update }) => update);
    },
    get size() {
      return items.size;
    },
  };
}
