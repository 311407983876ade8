import { expect, test } from "vitest";
import { commandOptions } from "./options.ts";

test("the command's options are read, and what is left out has its usual value", () => {
  expect(commandOptions(["--peers", "12", "--churn", "0.2", "--attack", "alie:0.1", "--json"])).toEqual({ peers: 12, minutes: 3, churn: 0.2, seed: 1, attack: { kind: "alie", share: 0.1 }, json: true, svg: null });
  expect(commandOptions(["--hidden", "64"]).hidden).toBe(64);
  expect(commandOptions([]).svg).toBe("test-results/simulate.svg");
});

test.each([
  [["--peers", "many"], /--peers/],
  [["--peers", "2.5"], /devices/],
  [["--churn", "2"], /churn/],
  [["--minutes", "-1"], /minutes/],
  [["--attack", "sign"], /sign:0.1/],
  [["--hidden", "0"], /wide/],
  [["--nodes", "3"], /nodes/],
  [["--peers", "20000"], /simulate \d+ or fewer/],
])("%j is refused with a reason", (args, reason) => {
  expect(() => commandOptions(args)).toThrow(reason);
});
