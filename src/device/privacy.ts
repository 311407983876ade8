import type { TaskManifest } from "../learn/task.ts";
import type { Store } from "../store/store.ts";
import { LIMITS } from "../swarm/limits.ts";
import type { Hash } from "../swarm/record.ts";
import type { Privacy } from "../swarm/state.ts";
import { createAccountant } from "../update/privacy/accountant.ts";
import { createDiscreteGaussian } from "../update/privacy/discrete-gaussian.ts";
import { addNoise } from "../update/privacy/noise.ts";
import { planPrivacy } from "../update/privacy/plan.ts";
import { parsePrivacy } from "../update/privacy/setting.ts";
import type { PrivacyView } from "./api.ts";
import { DeviceError } from "./errors.ts";

/** Differential privacy on this device: its noise, and what its updates have told so far. */
export interface PrivacyGuard {
  /** Of every round of the task, in place of the task's own first step. */
  readonly stepExponent: number;
  readonly core: Privacy;
  readonly view: PrivacyView;
  /** Fresh noise for one more encryption, which is charged and kept before it is given. @throws DeviceError `privacy-spent` */
  cover(values: Int8Array): Promise<Int32Array<ArrayBuffer>>;
}

/** Summed fields may take as much of a coefficient as a 32-bit total holds. */
const FIELD_BITS = 31;

/**
 * Null where the task asks for none.
 * @throws PrivacyError where what it asks for cannot be had
 */
export async function openPrivacy(task: TaskManifest, hash: Hash, parameters: number, store: Store): Promise<PrivacyGuard | null> {
  if (task.privacy === undefined) return null;
  const setting = parsePrivacy(task.privacy);
  const { stepExponent, mechanism, field } = planPrivacy(setting, { values: parameters, bits: task.update.bits, devices: LIMITS.members, fieldBits: FIELD_BITS });
  const accounts = (await store.get("accounts")) ?? {};
  const accountant = createAccountant(accounts[hash]);
  const noise = createDiscreteGaussian(mechanism.variance, (bytes) => void crypto.getRandomValues(bytes));
  return {
    stepExponent,
    core: { clip: setting.clip, honest: setting.honest, field },
    get view() {
      return { epsilon: setting.epsilon, delta: setting.delta, spent: accountant.spent(setting.delta), rounds: accountant.account().rounds };
    },
    async cover(values) {
      if (accountant.wouldSpend(mechanism, 1, setting.delta) > setting.epsilon)
        throw new DeviceError("privacy-spent", `another round would tell more than ε = ${setting.epsilon} of this device's data; it keeps the model and trains no more`);
      accountant.charge(mechanism);
      await store.put({ accounts: { ...accounts, [hash]: accountant.account() } });
      return addNoise(values, noise);
    },
  };
}
