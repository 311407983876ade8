import type { TextStore } from "./local-store.ts";

export const SLOT_LIMITS = {
  /** Devices that one browser profile can hold at once. */
  slots: 64,
  /** How long a reloaded page waits for its former self to let its slot go, in milliseconds. */
  reloadWait: 3_000,
} as const;

export interface SlotClaim {
  /** From 0; all storage of this tab is kept under it. */
  slot: number;
  /** False where the browser has no Web Locks: two tabs would then share one slot. */
  exclusive: boolean;
}

/** All slots are taken. */
export class SlotError extends Error {
  override readonly name = "SlotError";
  readonly code = "no-slot";
}

/** The part of `navigator.locks` used here. */
export interface Locks {
  request(name: string, options: { ifAvailable?: boolean; signal?: AbortSignal }, held: (lock: unknown) => Promise<unknown> | null): Promise<unknown>;
}

const lockName = (slot: number): string => `hromada-slot-${slot}`;

/** Settles once the lock is ours, which it then stays until the page ends, or once it is known not to be. */
function take(locks: Locks, slot: number, options: { ifAvailable?: boolean; signal?: AbortSignal }): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const hold = (lock: unknown): Promise<unknown> | null => {
      resolve(lock !== null);
      return lock === null ? null : new Promise(() => undefined);
    };
    locks.request(lockName(slot), options, hold).catch((cause: unknown) => {
      if (options.signal?.aborted === true) resolve(false);
      else reject(cause instanceof Error ? cause : new Error(String(cause)));
    });
  });
}

/**
 * Claims this tab's numbered slot for the page's life by a Web Lock. A reload takes its slot back: the number
 * is kept per tab (`sessionStorage`), and the old page's lock is waited for. A duplicated tab carries its
 * original's number, waits in vain, and gets the next free slot.
 * @throws SlotError when every slot is taken
 */
export async function claimSlot(locks: Locks | undefined, session: TextStore, wait: number = SLOT_LIMITS.reloadWait): Promise<SlotClaim> {
  if (locks === undefined) return { slot: 0, exclusive: false };
  const kept = session.read("slot");
  const former = kept !== null && /^\d{1,2}$/.test(kept) && Number(kept) < SLOT_LIMITS.slots ? Number(kept) : null;
  if (former !== null) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), wait);
    const ours = await take(locks, former, { signal: stop.signal });
    clearTimeout(timer);
    if (ours) return { slot: former, exclusive: true };
  }
  for (let slot = 0; slot < SLOT_LIMITS.slots; slot++) {
    if (!(await take(locks, slot, { ifAvailable: true }))) continue;
    session.write("slot", String(slot));
    return { slot, exclusive: true };
  }
  throw new SlotError(`${SLOT_LIMITS.slots} tabs of this browser take part already: close one of them`);
}
