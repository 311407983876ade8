import { PHONE_MEMORY_GIB, PHONE_TENSOR_BYTES, TENSOR_BYTES } from "./limits.ts";

/** What browsers tell of a device beyond the standard types (Device Memory; User-Agent Client Hints). */
export interface Hints {
  deviceMemory?: number;
  userAgentData?: { mobile?: boolean };
  userAgent?: string;
}

/** A phone, or as little memory as one. */
export function isSmall(hints: Hints): boolean {
  const small = hints.deviceMemory !== undefined && hints.deviceMemory <= PHONE_MEMORY_GIB;
  const phone = hints.userAgentData?.mobile ?? /Android|iPhone|iPad|Mobile/.test(hints.userAgent ?? "");
  return small || phone;
}

/** Bytes of tensors that training may hold at once: less on a phone, where a tab that takes more is ended. */
export const tensorBudget = (hints: Hints = (globalThis.navigator as Hints | undefined) ?? {}): number => (isSmall(hints) ? PHONE_TENSOR_BYTES : TENSOR_BYTES);
