import { locateErrors } from "./berlekamp-welch.ts";
import { erasures, type Code, type Shape } from "./code.ts";
import type { Coder, Workspace } from "./coder.ts";
import { CodingError } from "./errors.ts";

/**
 * Restores a segment whose shards have no hashes, and finds which of them are wrong: up to half of those beyond k.
 * @param shards the bytes of each shard, null where it is absent
 * @returns the numbers of the wrong shards, and all right ones in the coder's memory until it opens the next workspace
 * @throws CodingError `lost`; `wrong` where more shards are wrong; `shape`, `busy`
 */
export async function restoreBlind(coder: Coder, shape: Shape, shards: readonly (Uint8Array | null)[]): Promise<{ wrong: number[]; shards: readonly Uint8Array[] }> {
  const shardBytes = shards.find((shard) => shard !== null)?.length ?? 0;
  const release = coder.claim();
  try {
    return await correct(coder.open(shape, shardBytes), shards);
  } finally {
    release();
  }
}

async function correct(workspace: Workspace, shards: readonly (Uint8Array | null)[]): Promise<{ wrong: number[]; shards: readonly Uint8Array[] }> {
  const { code } = workspace;
  const shardBytes = workspace.shards[0]!.length;
  if (shards.length !== code.n || shards.some((shard) => shard !== null && shard.length !== shardBytes)) {
    throw new CodingError("shape", `there must be ${code.n} shards of one length, or null for one that is absent`);
  }
  const trusted = shards.map((shard) => shard !== null);
  const most = Math.floor((trusted.filter(Boolean).length - code.k) / 2);
  const wrong: number[] = [];
  for (;;) {
    const { from } = erasures(code, trusted);
    for (const shard of from) workspace.shards[shard]!.set(shards[shard]!);
    await workspace.restore(trusted);
    await workspace.encode();
    const rest = trusted.flatMap((there, shard) => (there && !from.includes(shard) ? [shard] : []));
    const column = Math.min(...rest.map((shard) => workspace.firstDifference(shard, shards[shard]!)), shardBytes);
    if (column === shardBytes) return { wrong: wrong.sort((a, b) => a - b), shards: workspace.shards };
    const symbols = new Map([...from, ...rest].map((shard) => [shard, symbolAt(code, shards[shard]!, column)]));
    const found = locateErrors(code, symbols);
    if (found === null || wrong.length + found.length > most) {
      throw new CodingError("wrong", `more than ${most} shards are wrong, which cannot be told apart without the object's manifest; fetch that, or more shards`);
    }
    for (const shard of found) trusted[shard] = false;
    wrong.push(...found);
  }
}

/** The element of the field to which a byte of a shard belongs: in GF(2^16), a block is 32 low, then 32 high bytes. */
function symbolAt({ field }: Code, shard: Uint8Array, at: number): number {
  if (field.bits === 8) return shard[at]!;
  const low = at & ~32;
  return shard[low]! | (shard[low + 32]! << 8);
}
