import { finalizer, proxy, releaseProxy, transfer, transferHandlers, type ProxyMarked, type Remote, type TransferHandler } from "comlink";

/** An async generator as it crosses a thread boundary: one call a step. */
export interface Stepper<T, R> {
  next(): Promise<IteratorResult<T, R>>;
  /** Ends the generator before its next step, running its `finally` blocks. */
  stop(): Promise<void>;
}

/**
 * Makes a generator callable from the other side, by `iterate`. If that side lets go of it, it is ended.
 * @param transferables buffers of a step or of the result that are handed over instead of copied
 */
export function exposeGenerator<T, R>(
  generator: AsyncGenerator<T, R, void>,
  transferables: (step: IteratorResult<T, R>) => Transferable[] = () => [],
): Stepper<T, R> & ProxyMarked {
  const stop = async () => void (await generator.return(undefined as never));
  const stepper = {
    async next() {
      const step = await generator.next();
      return transfer(step, transferables(step));
    },
    stop,
    /** Comlink calls this when the other side releases the proxy or loses it to the garbage collector. */
    [finalizer]: () => void stop().catch(report),
  };
  return proxy(stepper);
}

/**
 * Steps a generator that lives on another thread. Leaving the loop, an error and an abort all end it there and
 * release its proxy; after an abort the step that is under way is not waited for.
 * @throws the signal's reason once it aborts, or whatever the generator throws (with its name and code)
 */
export async function* iterate<T, R>(opening: Promise<Remote<Stepper<T, R> & ProxyMarked>>, signal?: AbortSignal): AsyncGenerator<T, R, void> {
  let remote: Remote<Stepper<T, R> & ProxyMarked>;
  try {
    remote = await abortable(opening, signal);
  } catch (cause) {
    // Opened after all, by a thread that is still there: let go, which ends it.
    opening.then((late) => late[releaseProxy](), report);
    throw cause;
  }
  let ended = false;
  try {
    for (;;) {
      const step = (await abortable(remote.next() as Promise<IteratorResult<T, R>>, signal)) as IteratorResult<T, R>;
      if (step.done) {
        ended = true;
        return step.value;
      }
      yield step.value;
    }
  } finally {
    if (ended) remote[releaseProxy]();
    // The stop waits behind the step under way, and this side does not wait for either.
    else remote.stop().then(() => remote[releaseProxy](), report);
  }
}

/** The promise's outcome, unless the signal aborts first. @throws the signal's reason */
export function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** The code of one of our typed errors, on either side of a boundary. */
export function codeOf(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : null;
}

/** What one of our errors says beside its message, as plain data. */
const faultOf = (error: Error): unknown => ("fault" in error ? error.fault : null);

/** An error on a path that nobody waits for any more. */
const report = (cause: unknown) => console.warn("a generator on another thread did not end well", cause);

type Thrown = { isError: true; name: string; message: string; code: string | null; fault: unknown; stack: string | undefined } | { isError: false; value: unknown };

/** Comlink's own handler drops everything of an error but its message, name and stack. Both sides call this once. */
export function installErrorTransfer(): void {
  const standard = transferHandlers.get("throw");
  if (!standard) throw new Error("this version of comlink has no handler for errors; the bridge has to be adapted");
  const handler: TransferHandler<{ value: unknown }, Thrown> = {
    canHandle: standard.canHandle as (value: unknown) => value is { value: unknown },
    serialize({ value }) {
      if (!(value instanceof Error)) return [{ isError: false, value }, []];
      const { name, message, stack } = value;
      return [{ isError: true, name, message, code: codeOf(value), fault: faultOf(value), stack }, []];
    },
    deserialize(thrown) {
      if (!thrown.isError) throw thrown.value;
      const { name, message, code, fault, stack } = thrown;
      if (name === "AbortError") throw new DOMException(message, name);
      const error = new Error(message);
      // `stack` is where it was thrown, on the other thread.
      for (const [key, value] of Object.entries({ name, stack, ...(code === null ? {} : { code }), ...(fault === null ? {} : { fault }) })) {
        Object.defineProperty(error, key, { value, configurable: true, writable: true });
      }
      throw error;
    },
  };
  transferHandlers.set("throw", handler);
}
