import { SimulateError } from "./errors.ts";

/**
 * `sign`: the update turned round. `scale`: a hundred times as long. `label`: trained on flipped labels.
 * `alie`: the honest mean less as many deviations as pass for honest (Baruch et al., NeurIPS 2019).
 * `ipm`: against the honest mean (Xie et al., UAI 2020).
 */
export const ATTACKS = ["sign", "scale", "label", "alie", "ipm"] as const;
export type AttackKind = (typeof ATTACKS)[number];

export interface Attack {
  kind: AttackKind;
  /** Share of the devices that attack, 0 to 0.5. */
  share: number;
}

export interface SimulateOptions {
  peers: number;
  /** Of virtual time. */
  minutes: number;
  /** Chance that a device drops within a round, 0 to 0.5. */
  churn: number;
  attack: Attack | null;
  seed: number;
  /** Width of the model's hidden layer, `HIDDEN` where absent: 207 parameters each, and ten. */
  hidden?: number | undefined;
}

export const HIDDEN = 32;
const MOST_HIDDEN = 1024;

const LEAST_PEERS = 4;
/** The largest room that was run. */
const MOST_PEERS = 10_000;

/** @throws SimulateError `bad-option` */
export function parseAttack(text: string): Attack {
  const [kind, share, ...rest] = text.split(":");
  const known = ATTACKS.find((name) => name === kind);
  const part = Number(share);
  if (!known || rest.length > 0 || !/^[\d.]+$/.test(share ?? "") || !(part > 0 && part <= 0.5)) {
    throw new SimulateError("bad-option", `an attack is ${ATTACKS.join(", ")}, a colon and a share of the devices up to 0.5, as in sign:0.1; not ${text}`);
  }
  return { kind: known, share: part };
}

export const attackText = (attack: Attack | null): string | null => (attack === null ? null : `${attack.kind}:${attack.share}`);

/** @throws SimulateError */
export function checkOptions({ peers, minutes, churn, seed, hidden = HIDDEN }: SimulateOptions): void {
  const bad = (message: string): never => {
    throw new SimulateError("bad-option", message);
  };
  if (!Number.isInteger(peers) || peers < LEAST_PEERS) bad(`a swarm of ${LEAST_PEERS} devices or more is needed, not ${peers}`);
  if (!(minutes > 0 && minutes <= 60)) bad(`from a part of a minute to 60 can be simulated, not ${minutes}`);
  if (!(churn >= 0 && churn <= 0.5)) bad(`churn is a chance from 0 to 0.5, not ${churn}`);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) bad(`a seed is a whole number from 0 to ${0xffffffff}, not ${seed}`);
  if (!Number.isInteger(hidden) || hidden < 1 || hidden > MOST_HIDDEN) bad(`a hidden layer is 1 to ${MOST_HIDDEN} wide, not ${hidden}`);
  if (peers > MOST_PEERS) throw new SimulateError("too-many", `rooms of up to ${MOST_PEERS} devices have been run, not of ${peers}; simulate ${MOST_PEERS} or fewer`);
}
