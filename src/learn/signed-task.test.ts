import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schnorr } from "@noble/curves/secp256k1.js";
import { codeOf } from "../workers/bridge.ts";
import { hashOfTask, modelHashOf, openTask, sealTask, taskBytes, type TaskSigner, type VerifyTask } from "./signed-task.ts";
import type { TaskManifest } from "./task.ts";
import { builtInTasks } from "./tasks/built-in.ts";
import { digitsTask } from "./tasks/digits.ts";

// Any Schnorr signature of 64 bytes does; the device brings the identity's.
const secret = new Uint8Array(32).fill(7);
const signer: TaskSigner = { certificate: schnorr.getPublicKey(secret), sign: (message) => schnorr.sign(message, secret) };
const verify: VerifyTask = (certificate, message, signature) => certificate.length === 32 && schnorr.verify(signature, message, certificate);
const caught = (act: () => unknown): string | null => {
  try {
    act();
  } catch (error) {
    return codeOf(error);
  }
  return null;
};

describe("signed task", () => {
  it("comes back as it was posted, with its hash and its author", () => {
    for (const task of builtInTasks) {
      const opened = openTask(sealTask(task, signer), verify);
      expect(opened.task).toEqual(task);
      expect(opened.hash).toBe(hashOfTask(task));
      expect(opened.certificate).toEqual(signer.certificate);
    }
    expect(new Set(builtInTasks.map(hashOfTask)).size).toBe(builtInTasks.length);
  });

  it("has one encoding, whatever order its fields stand in and however absence is written", () => {
    const turned = Object.fromEntries(Object.entries(digitsTask).reverse()) as unknown as TaskManifest;
    expect(taskBytes(turned)).toEqual(taskBytes(digitsTask));
    expect(taskBytes({ ...digitsTask, epochRounds: undefined } as unknown as TaskManifest)).toEqual(taskBytes(digitsTask));
    expect(hashOfTask({ ...digitsTask, seed: 1 })).not.toBe(hashOfTask(digitsTask));
  });

  it("that was changed anywhere is refused, with a typed error", () => {
    const sealed = sealTask(digitsTask, signer);
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = sealed.slice();
        changed[at]! ^= flip;
        expect(["bad-signature", "malformed", "version"]).toContain(caught(() => openTask(changed, verify)));
      }),
      { numRuns: 60 },
    );
    expect(caught(() => openTask(sealed.subarray(1), verify))).not.toBeNull();
    expect(caught(() => openTask(sealed, () => false))).toBe("bad-signature");
  });

  it("whose model is not the one that its hash names is refused", () => {
    const right = { ...digitsTask, modelHash: modelHashOf(digitsTask.model) };
    expect(openTask(sealTask(right, signer), verify).task).toEqual(right);
    const other = { ...right, modelHash: "0".repeat(64) };
    expect(() => openTask(sealTask(other, signer), verify)).toThrow("modelHash");
    expect(caught(() => sealTask({ ...digitsTask, seed: -1 }, signer))).toBe("bad-task");
  });
});
