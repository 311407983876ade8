import { createSwim, type Swim } from "../../membership/swim.ts";
import type { SwimMessage } from "../../membership/message.ts";
import { PEER_ID_BYTES, type PeerId } from "../../wire/ids.ts";
import { createRandom } from "../../wire/random.ts";

const integerBytes = (value: number): number => (value < 24 ? 1 : value < 2 ** 8 ? 2 : value < 2 ** 16 ? 3 : value < 2 ** 32 ? 5 : 9);
const NAME = 1 + PEER_ID_BYTES;

/** Length of its frame, without making it: version, map, and for each key its letter and value. */
export function swimBytes({ kind, incarnation, peer, updates }: SwimMessage): number {
  let bytes = 1 + 1 + (2 + 1 + kind.length) + (2 + integerBytes(incarnation)) + (2 + 1);
  if (peer !== null) bytes += 2 + NAME;
  for (const update of updates) bytes += 1 + 1 + NAME + integerBytes(update.incarnation);
  return bytes;
}

/** Who is there, for one device in one epoch. */
export const createDetector = (seed: number, self: PeerId, now: number): Swim => createSwim({ self, random: createRandom(["detector", seed, self]), now });
