import { expect, test } from "vitest";
import { chooseTask } from "../learn/tasks/built-in.ts";
import type { DeviceOptions } from "./api.ts";
import { asOpened, auditsOf, epochRoundsOf, protocolOf } from "./task-settings.ts";

const task = chooseTask("breast-cancer");
const opened = (settings: Partial<DeviceOptions>) => asOpened(task, settings as DeviceOptions);

test("an address that sets nothing leaves the task as it is", () => {
  expect(opened({})).toEqual(task);
});

test("what an address sets is the task's, and nothing else of it changes", () => {
  const set = opened({ localSteps: 3, epochRounds: 8, groupSize: 4, privacy: 2 });
  expect(set).toEqual({ ...task, inner: { ...task.inner, localSteps: 3 }, epochRounds: 8, groupSize: 4, privacy: { epsilon: 2, delta: 1e-5, rounds: 100, clip: 1, honest: 2 } });
  expect(epochRoundsOf(set)).toBe(8);
  expect(protocolOf(set)).toMatchObject({ epochRounds: 8, groupSize: 4, bits: task.update.bits });
});

test("a single update is shown where the task asks for audits, and never beside its noise", () => {
  const audited = opened({ audits: { kind: "rerun", oneOf: 4 }, localSteps: 3 });
  expect(auditsOf(audited)).toEqual({ oneOf: 4, steps: 3 });
  expect(protocolOf(audited).audits).toEqual({ oneOf: 4, steps: 3 });
  // A round of a task that is trained again follows from the model and a lot alone.
  expect(audited.inner.driftCorrection).toBeUndefined();
  expect(auditsOf(opened({ audits: { kind: true, oneOf: 4 } }))).toEqual({ oneOf: 4, steps: null });
  expect(auditsOf({ ...audited, privacy: { epsilon: 2, delta: 1e-5, rounds: 100, clip: 1, honest: 2 } })).toBeNull();
  expect(protocolOf(task)).not.toHaveProperty("audits");
});
