import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { shapeFor, type Shape } from "../coding/code.ts";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { LIBRARY_LIMITS } from "./limits.ts";

/**
 * How an object is cut: a shard a device, within bounds, and as many of them parity as may be gone before anybody
 * makes them anew. The share of devices lost is estimated by Laplace's rule of succession, so that nothing seen
 * counts as one half.
 * @param devices that will hold it
 * @param churn devices that were seen to leave and to stay
 * @param least share of parity: a checkpoint is made anew every round, a published object by nobody
 */
export function shapeOf(devices: number, churn: { left: number; stayed: number }, least: number): Shape {
  const n = Math.min(LIBRARY_LIMITS.shardsAtMost, Math.max(LIBRARY_LIMITS.shardsAtLeast, devices));
  const lost = (churn.left + 1) / (churn.left + churn.stayed + 2);
  const m = Math.min(n - 1, Math.ceil(n * Math.max(least, lost)));
  return shapeFor(n - m, m);
}

/** Rendezvous hashing (Thaler and Ravishankar, 1998): everybody ranks alike, and who leaves moves only its own. */
function rank(object: string, shard: number, peer: PeerId): string {
  return bytesToHex(sha256(concatBytes(hexToBytes(object), Uint8Array.of(shard >> 8, shard & 255), peerIdBytes(peer))));
}

const least = <T>(items: readonly T[], by: (item: T) => string): T | undefined => items.reduce<{ item: T; key: string } | undefined>((best, item) => {
  const key = by(item);
  return best === undefined || key < best.key ? { item, key } : best;
}, undefined)?.item;

/**
 * Who keeps each shard: one keeper a shard, and no device more than its fair part. Devices that hold a shard keep
 * it as far as that goes, so that only what is missing or piled up moves.
 */
export function keepersOf(object: string, n: number, devices: readonly PeerId[], holds: (peer: PeerId, shard: number) => boolean): (PeerId | null)[] {
  const keepers = new Array<PeerId | null>(n).fill(null);
  if (devices.length === 0) return keepers;
  const part = Math.ceil(n / devices.length);
  const load = new Map(devices.map((peer) => [peer, 0]));
  const assign = (among: (peer: PeerId, shard: number) => boolean): void => {
    keepers.forEach((keeper, shard) => {
      if (keeper !== null) return;
      const able = devices.filter((peer) => load.get(peer)! < part && among(peer, shard));
      const chosen = able.length <= 1 ? able[0] : least(able, (peer) => rank(object, shard, peer));
      if (chosen === undefined) return;
      keepers[shard] = chosen;
      load.set(chosen, load.get(chosen)! + 1);
    });
  };
  assign(holds);
  // The least laden first, so that nobody gets a second one before all have one.
  for (let most = 1; most <= part; most++) assign((peer) => load.get(peer)! < most);
  return keepers;
}

/** A checkpoint's shards of one contributor: all contributors have the whole of it, so each keeps its own part. */
export function ownShards(root: string, n: number, contributors: readonly PeerId[], self: PeerId): number[] {
  const keepers = keepersOf(root, n, [...contributors].sort(), () => false);
  return keepers.flatMap((keeper, shard) => (keeper === self ? [shard] : []));
}
