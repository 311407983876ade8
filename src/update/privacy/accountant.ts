import { PrivacyError, wholeWithin } from "./errors.ts";
import { MOST_ROUNDS } from "./limits.ts";
import { divergence, type Mechanism } from "./renyi.ts";

/** Orders α of the divergence: 1 + 2^(i/8), from 1 + 2^-6 to 1 + 2^14. */
export const ORDERS: readonly number[] = Array.from({ length: 161 }, (_, i) => 1 + 2 ** (i / 8 - 6));

/** What a device has spent, as it is stored. */
export interface Account {
  /** Opened sums that held this device's update. */
  rounds: number;
  /** Summed divergence, by order. */
  divergences: readonly number[];
}

/**
 * Counts what the opened sums have said of this device's updates: divergences of one order add up, whatever the
 * rounds were and however one depended on those before (Mironov 2017, Prop. 1). It takes part in every round that
 * it charges; nothing is gained by sampling, for who takes part is public here.
 */
export interface Accountant {
  /** For `rounds` more sums that can be opened. Before the ciphertexts leave, so that a crash forgets nothing. @throws PrivacyError `out-of-range` */
  charge(mechanism: Mechanism, rounds?: number): void;
  /** ε of all that was charged, at this δ. */
  spent(delta: number): number;
  /** What `spent` would be after more rounds. @throws PrivacyError `out-of-range` */
  wouldSpend(mechanism: Mechanism, rounds: number, delta: number): number;
  account(): Account;
}

/** @param from a stored account; nothing spent if left out. @throws PrivacyError `account` */
export function createAccountant(from: unknown = EMPTY): Accountant {
  let current = accountIn(from);
  return {
    charge(mechanism, rounds = 1) {
      current = charged(current, mechanism, rounds);
    },
    spent: (delta) => epsilonOf(current, delta),
    wouldSpend: (mechanism, rounds, delta) => epsilonOf(charged(current, mechanism, rounds), delta),
    account: () => current,
  };
}

/** ε of `rounds` rounds of one mechanism, at this δ. @throws PrivacyError `out-of-range` */
export const epsilonFor = (mechanism: Mechanism, rounds: number, delta: number): number => epsilonOf(charged(EMPTY, mechanism, rounds), delta);

const EMPTY: Account = { rounds: 0, divergences: ORDERS.map(() => 0) };

function charged(account: Account, mechanism: Mechanism, rounds: number): Account {
  wholeWithin(rounds, 0, MOST_ROUNDS, "rounds");
  const { slope, constant } = divergence(mechanism);
  return { rounds: account.rounds + rounds, divergences: account.divergences.map((sum, i) => sum + rounds * (ORDERS[i]! * slope + constant)) };
}

/**
 * From Rényi divergence to (ε, δ): for each order ε = D_α + ln(1 − 1/α) − ln(αδ)/(α − 1), of which the least holds
 * (Canonne, Kamath, Steinke 2020, Prop. 12; Balle et al. 2020, Theorem 21).
 */
function epsilonOf({ rounds, divergences }: Account, delta: number): number {
  if (!(delta > 0 && delta < 1)) throw new PrivacyError("out-of-range", `δ between 0 and 1 is needed, not ${delta}`);
  if (rounds === 0) return 0;
  return Math.max(0, Math.min(...divergences.map((divergence, i) => divergence + Math.log1p(-1 / ORDERS[i]!) - Math.log(ORDERS[i]! * delta) / (ORDERS[i]! - 1))));
}

/** Checks a stored account, so that a spoilt one does not read as nothing spent. */
function accountIn(stored: unknown): Account {
  const { rounds, divergences } = Object(stored) as Partial<Record<keyof Account, unknown>>;
  const counts = (value: unknown): value is number => typeof value === "number" && value >= 0 && Number.isFinite(value);
  if (!Number.isInteger(rounds) || !counts(rounds)) throw new PrivacyError("account", "a stored account without its number of rounds; what this task has spent is unknown: leave it, or join it anew under another account");
  if (!Array.isArray(divergences) || divergences.length !== ORDERS.length || !divergences.every(counts))
    throw new PrivacyError("account", `a stored account without the ${ORDERS.length} sums of this version; what this task has spent is unknown: leave it, or join it anew under another account`);
  return { rounds, divergences: [...divergences] };
}
