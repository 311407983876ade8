import { expect, test } from "vitest";
import { tensorBudget } from "./budget.ts";
import { PHONE_TENSOR_BYTES, TENSOR_BYTES } from "./limits.ts";

test("a phone, or a device with little memory, is given less; nothing is taken for granted of a browser that says nothing", () => {
  expect(tensorBudget({ deviceMemory: 2 })).toBe(PHONE_TENSOR_BYTES);
  expect(tensorBudget({ deviceMemory: 8, userAgentData: { mobile: true } })).toBe(PHONE_TENSOR_BYTES);
  expect(tensorBudget({ userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)" })).toBe(PHONE_TENSOR_BYTES);
  expect(tensorBudget({ deviceMemory: 8, userAgentData: { mobile: false }, userAgent: "Mobile" })).toBe(TENSOR_BYTES);
  expect(tensorBudget({})).toBe(TENSOR_BYTES);
});
