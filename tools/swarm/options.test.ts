import { expect, test } from "vitest";
import { swarmOptions, UsageError } from "./options.ts";

test("the command's arguments are read as they are documented", () => {
  const options = swarmOptions("--peers 4 --task digits --rounds 10 --seed 7 --backend wasm --alpha 0.3 --kill 1@2:train --kill 3@4:exchange --join 4@3 --json".split(" "));
  expect(options).toMatchObject({
    peers: 4,
    rounds: 10,
    seed: 7,
    backend: "wasm",
    alpha: 0.3,
    kills: [
      { peer: 1, round: 2, stage: "train" },
      { peer: 3, round: 4, stage: "exchange" },
    ],
    joins: [{ peer: 4, round: 3 }],
    json: true,
  });
  expect(swarmOptions([])).toMatchObject({ peers: 4, rounds: 10, seed: 1, backend: null, kills: [], json: false });
});

test.each([
  "--peers 0",
  "--peers x",
  "--peers 16",
  "--rounds -1",
  "--task chess",
  "--backend quantum",
  "--alpha 0",
  "--kill 1@1",
  "--kill 1@1:sleep",
  "--kill 9@1:train",
  "--kill 1@99:train",
  "--kill 1@1:train --kill 1@2:train",
  "--join 1",
  "--peers 1 --join 1@2",
  "--unknown",
])("%s is refused with the way to say it", (line) => {
  expect(() => swarmOptions(line.split(" "))).toThrow(UsageError);
});
