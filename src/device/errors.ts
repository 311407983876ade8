import type { DataFault } from "../learn/faults.ts";
import type { DeviceProblem } from "./api.ts";

/** A problem that the person can do something about; its code has a sentence in the interface. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
  constructor(
    readonly code: DeviceProblem["code"],
    message: string,
  ) {
    super(message);
  }
}

const BY_NAME: Record<string, DeviceProblem["code"]> = {
  DataError: "data-unavailable",
  BadRowsError: "data-unavailable",
  TaskError: "engine-failed",
  EngineError: "engine-failed",
  UpdateError: "engine-failed",
  PrivacyError: "privacy",
  VersionError: "update-needed",
};

/** What to tell the page of any failure. Errors of other rooms and threads are known by their class's name. */
export function problemOf(error: unknown): DeviceProblem {
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  const code = error instanceof DeviceError ? error.code : (BY_NAME[name] ?? "internal");
  const fault = name === "DataError" ? (error as { fault?: DataFault | null }).fault : null;
  return { code, detail: message, ...(fault && { fault }) };
}
