import { createRandom, type Random } from "../wire/random.ts";
import { DataError } from "./errors.ts";
import { MAX_DEVICE_SAMPLES, MAX_SHARES, MIN_SHARE_SAMPLES, PACK_SAMPLES, TRAIN_PACKS, UNEVEN_POOL_PACKS } from "./limits.ts";

/** @throws DataError `bad-choice` */
export function checkShare(share: number, shares: number): void {
  if (!Number.isInteger(shares) || shares < 1 || shares > MAX_SHARES) throw new DataError("bad-choice", `1 to ${MAX_SHARES} shares can be made, not ${shares}`);
  if (!Number.isInteger(share) || share < 0 || share >= shares) throw new DataError("bad-choice", `share ${share} of ${shares} does not exist; the first is 0`);
}

/** Which packs a share is cut from. Even shares: only its own; uneven shares: the whole pool. */
export function sharePacks(share: number, shares: number, uneven: boolean): number[] {
  checkShare(share, shares);
  if (uneven) return Array.from({ length: UNEVEN_POOL_PACKS }, (_, pack) => pack);
  if (shares >= TRAIN_PACKS) return [share % TRAIN_PACKS];
  const packs: number[] = [];
  for (let pack = share; pack < TRAIN_PACKS && packs.length * PACK_SAMPLES < MAX_DEVICE_SAMPLES; pack += shares) packs.push(pack);
  return packs;
}

/**
 * Even shares: the samples, as indices into the loaded packs, that belong to a share. With fewer shares than packs
 * that is all of them; with more, the shares on one pack deal its samples out in turn.
 */
export function evenShare(share: number, shares: number, count: number): Uint32Array {
  const mates = shares <= TRAIN_PACKS ? 1 : Math.ceil((shares - (share % TRAIN_PACKS)) / TRAIN_PACKS);
  const turn = shares <= TRAIN_PACKS ? 0 : Math.floor(share / TRAIN_PACKS);
  const own: number[] = [];
  for (let sample = turn; sample < count; sample += mates) own.push(sample);
  return Uint32Array.from(own);
}

/** Even shares of samples that every device has loaded: dealt out in turn. */
export const dealtShare = (share: number, shares: number, count: number): Uint32Array =>
  Uint32Array.from({ length: Math.max(0, Math.ceil((count - share) / shares)) }, (_, turn) => share + turn * shares);

/**
 * Uneven shares: for each label, proportions over the shares are drawn from a symmetric Dirichlet(α) and its samples
 * are cut accordingly (Hsu, Qi and Brown, "Measuring the effects of non-identical data distribution", 2019). Small α:
 * a few labels a share; large α: nearly even. The shares are disjoint and together all; the same seed gives the
 * same cut on every device. No share goes empty: the largest give to those under the minimum.
 */
export function dirichletShares(labels: Uint8Array, labelCount: number, shares: number, alpha: number, seed: number): Uint32Array[] {
  if (!(alpha > 0) || alpha > 1e6) throw new DataError("bad-choice", `alpha is a number above 0 and at most 1000000, not ${alpha}`);
  const random = createRandom([seed, "partition", shares, alpha]);
  const dealt: number[][] = Array.from({ length: shares }, () => []);
  for (let label = 0; label < labelCount; label++) {
    const members: number[] = [];
    labels.forEach((value, sample) => value === label && members.push(sample));
    random.shuffle(members);
    let from = 0;
    let sum = 0;
    dirichlet(random, shares, alpha).forEach((proportion, share) => {
      sum += proportion;
      const to = share === shares - 1 ? members.length : Math.min(members.length, Math.round(sum * members.length));
      for (; from < to; from++) dealt[share]!.push(members[from]!);
    });
  }
  const least = Math.min(MIN_SHARE_SAMPLES, Math.floor(labels.length / shares));
  for (const poor of dealt) {
    while (poor.length < least) poor.push(dealt.reduce((a, b) => (b.length > a.length ? b : a)).pop()!);
  }
  return dealt.map((own) => Uint32Array.from(own).sort());
}

/** In the log domain: with small α nearly all gamma variates are too small for a float. */
function dirichlet(random: Random, n: number, alpha: number): number[] {
  const logs = Array.from({ length: n }, () => logGamma(random, alpha));
  const top = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** The logarithm of a Gamma(α, 1) variate (Marsaglia and Tsang, 2000; below 1 by their note on α + 1). */
function logGamma(random: Random, alpha: number): number {
  if (alpha < 1) return logGamma(random, alpha + 1) + Math.log(1 - random.uniform()) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.uniform()) < (x * x) / 2 + d * (1 - v + Math.log(v))) return Math.log(d * v);
  }
}
