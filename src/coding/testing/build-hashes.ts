import { createHash } from "node:crypto";
import { CODECS } from "../code.ts";
import { createCoder } from "../coder.ts";
import { bestBuild } from "../kernel.ts";
import { xorshift } from "./data.ts";

/** Prints the build that this process takes, and the hash of what it makes of all codecs. */
async function main(): Promise<void> {
  console.log(bestBuild());
  const coder = createCoder();
  for (const codec of Object.values(CODECS)) {
    for (const [k, m] of [[4, 2], [8, 4], [5, 3], [7, 1], [16, 16], [64, 64]] as const) {
      const { shards, encode, restore } = coder.open({ codec, k, m }, 1984);
      shards.slice(0, k).forEach((shard, i) => shard.set(xorshift(1984, i + 1)));
      await encode();
      const hash = createHash("sha256");
      for (const shard of shards.slice(k)) hash.update(shard);
      for (const shard of shards.slice(0, Math.min(k, m))) shard.fill(0);
      await restore(shards.map((_, i) => i >= Math.min(k, m)));
      for (const shard of shards) hash.update(shard);
      console.log(codec, k, m, hash.digest("hex"));
    }
  }
}

void main();
