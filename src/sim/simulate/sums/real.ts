import { blocksIn, openBlocks, type Engine } from "../../../securesum/blocks.ts";
import { createContributor, type Contributor } from "../../../securesum/contributor.ts";
import { SumError } from "../../../securesum/errors.ts";
import { createKernels } from "../../../securesum/kernel.ts";
import { groupOf } from "../../../securesum/params.ts";
import { sealUpdate } from "../../../securesum/seal.ts";
import { createWasmRing } from "../../../securesum/ring.wasm.ts";
import { gatherSum } from "../../../securesum/sum.ts";
import type { Random } from "../../../wire/random.ts";
import type { Sums } from "./sums.ts";

/** The secure sum itself, under seeds that follow from the simulation's. */
export function createRealSums(random: Random): Sums {
  const kernels = createKernels();
  const engine: Engine = { kernel: kernels.ring, ring: createWasmRing(kernels.ring), held: null };
  const contributors = new Map<number, Contributor>();
  return {
    kernels,
    real: true,
    seal(device, { context, devices, layout, values }) {
      const group = groupOf(devices);
      contributors.get(device)?.erase();
      const seed = Uint8Array.from({ length: 32 }, () => random.below(256));
      const contributor = createContributor({ kernel: kernels.ring, shamir: kernels.shamir, context, group, layout, seed });
      contributors.set(device, contributor);
      return sealUpdate(engine, contributor, group, values);
    },
    answer: (device, challenge) => ({ answer: contributors.get(device)!.answer(challenge) }),
    open(effect) {
      try {
        const { key, ciphertext, wrongShares, wrongPieces } = gatherSum(kernels, effect);
        const sum = new Int32Array(effect.count);
        let at = 0;
        for (const values of openBlocks(engine, key, blocksIn(ciphertext), effect.count)) {
          sum.set(values, at);
          at += values.length;
        }
        return { sum, wrongShares, wrongPieces };
      } catch (error) {
        if (!(error instanceof SumError)) throw error;
        return { sum: null, wrongShares: [], wrongPieces: [] };
      }
    },
    erase(device) {
      contributors.get(device)?.erase();
      contributors.delete(device);
    },
  };
}
