import { DEALING_BYTES } from "../src/securesum/params.ts";
import { compare, type Bench } from "./harness.ts";
import { withSumPage } from "./securesum-page.ts";

const CKKS = "CKKS slots on node-seal, N = 8192, 60-40-40-60";
const CKKS_SMALL = "CKKS slots on node-seal, N = 4096, 46-16-46";
const DISCO = "DISCO's additive shares, 10 peers, their arithmetic written anew";
const MASK = "one PRG mask and no dropouts: the floor";
const GOAL = "goal of the design";

export const securesum: Bench = {
  name: "securesum",
  about: "the secure sum's speed and bytes against CKKS slots, DISCO's shares and a plain mask, in Chromium",
  async run(say) {
    say("64 devices, 8 bits, one core, in Chromium …");
    const { timings, bytesPerValue: bytes } = await withSumPage((page) => page.evaluate(() => globalThis.securesum!.measure()));
    const millions = (name: string): number => timings[name]!.values / timings[name]!.ms / 1000;
    const speed = { unit: "M values/s" };
    const size = { unit: "bytes a value", lessIsBetter: true, ours: bytes["ours"]! };
    const encrypt = { ...speed, what: "encrypt, one core", ours: millions("encryptWasm") };
    return [
      compare({ ...encrypt, against: GOAL, theirs: 20, goal: 1 }),
      compare({ ...encrypt, what: "encrypt, SEAL's ring", ours: millions("encryptSeal"), against: GOAL, theirs: 20, goal: 1 }),
      compare({ ...encrypt, against: CKKS, theirs: millions("ckksEncrypt"), goal: 10 }),
      compare({ ...encrypt, against: CKKS_SMALL, theirs: millions("ckksSmallEncrypt"), goal: null }),
      compare({ ...encrypt, against: DISCO, theirs: millions("disco"), goal: null }),
      compare({ ...encrypt, against: MASK, theirs: millions("mask"), goal: null }),
      compare({ what: "add", ours: millions("add"), unit: "M coefficients/s", against: GOAL, theirs: 500, goal: 1 }),
      compare({ ...speed, what: "add", ours: 3 * millions("add"), against: CKKS, theirs: millions("ckksAdd"), goal: null }),
      compare({ what: "open, once", ours: timings["recover"]!.ms, unit: "ms", against: GOAL, theirs: 50, goal: 1, lessIsBetter: true }),
      compare({ what: "open, a block", ours: timings["openBlock"]!.ms, unit: "ms", against: GOAL, theirs: 0.1, goal: 1, lessIsBetter: true }),
      compare({ ...speed, what: "open", ours: millions("openBlock"), against: CKKS, theirs: millions("ckksOpen"), goal: null }),
      compare({ ...size, what: "bytes up", against: GOAL, theirs: 2.2, goal: 1 }),
      compare({ ...size, what: "bytes up", against: CKKS, theirs: bytes["ckks"]!, goal: 20 }),
      compare({ ...size, what: "bytes up", against: CKKS_SMALL, theirs: bytes["ckksSmall"]!, goal: null }),
      compare({ ...size, what: "bytes up", against: DISCO, theirs: bytes["disco"]!, goal: 20 }),
      compare({ ...size, what: "bytes up", against: MASK, theirs: bytes["mask"]!, goal: null }),
      compare({ what: "dealings of a round, 64 holders", ours: 64 * DEALING_BYTES, unit: "bytes", against: "–", theirs: null, goal: null, why: "once, whatever the model's size" }),
    ];
  },
};
