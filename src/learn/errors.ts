/** The data cannot be had or is not what its name says. */
export class DataError extends Error {
  override readonly name = "DataError";
  constructor(
    readonly code: "unavailable" | "malformed" | "bad-choice",
    message: string,
  ) {
    super(message);
  }
}

/** The task's model, a device's kept state or a vector of parameters does not fit the task. */
export class TaskError extends Error {
  override readonly name = "TaskError";
  constructor(
    readonly code: "bad-model" | "too-large" | "bad-state" | "wrong-length" | "not-loaded",
    message: string,
  ) {
    super(message);
  }
}

/** The engine cannot start here, or its numbers went out of bounds. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  constructor(
    readonly code: "no-backend" | "not-finite",
    message: string,
  ) {
    super(message);
  }
}
