import { expect, test } from "vitest";
import { PrivacyError } from "./errors.ts";
import { parsePrivacy } from "./setting.ts";

const sound = { epsilon: 4, delta: 1e-5, rounds: 50, clip: 1, honest: 3 };

function refusal(raw: unknown): PrivacyError {
  try {
    parsePrivacy(raw);
  } catch (error) {
    if (error instanceof PrivacyError) return error;
  }
  throw new Error("no PrivacyError was thrown");
}

test("a sound setting comes back as it is", () => {
  expect(parsePrivacy(sound)).toEqual(sound);
});

test.each([
  ["epsilon", 0, 0.01],
  ["epsilon", 1000, 100],
  ["delta", 0.5, 1e-3],
  ["delta", 0, 1e-15],
  ["rounds", 2.5, 3],
  ["rounds", 0, 1],
  ["clip", -1, 2 ** -20],
  ["clip", Infinity, 2 ** 20],
  ["honest", 65, 64],
])("%s of %d is refused, and %d would do", (field, value, would) => {
  const error = refusal({ ...sound, [field]: value });
  expect(error.code).toBe("setting");
  expect(error.instead).toEqual({ field, value: would });
  expect(error.message).toContain(`${would} would do`);
  expect(parsePrivacy({ ...sound, [field]: would })).toEqual({ ...sound, [field]: would });
});

test("what is no setting is refused by name", () => {
  for (const raw of [null, undefined, 3, "on"]) expect(refusal(raw).message).toContain("leave it out for none");
  expect(refusal({ ...sound, sigma: 1 }).message).toContain("no field sigma");
  for (const field of Object.keys(sound)) for (const wrong of [undefined, "4", Number.NaN, null]) expect(refusal({ ...sound, [field]: wrong })).toMatchObject({ code: "setting", instead: null });
});
