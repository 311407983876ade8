import { expose, proxy, releaseProxy, wrap, type ProxyMarked, type Remote } from "comlink";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { codeOf, exposeGenerator, installErrorTransfer, iterate, type Stepper } from "./bridge.ts";

class SampleError extends Error {
  override readonly name = "SampleError";
  readonly code = "spoilt";
}

/** What lives on the other side of the channel, with a record of how far its generators came. */
function createCounter() {
  const log: string[] = [];
  let gate: Promise<void> = Promise.resolve();
  async function* count(to: number): AsyncGenerator<number, Float32Array, void> {
    try {
      for (let i = 1; i <= to; i++) {
        await gate;
        log.push(`step ${i}`);
        yield i;
        if (i === 3 && to === 99) throw new SampleError("the fourth step went wrong");
      }
      return Float32Array.of(to, to);
    } finally {
      log.push("ended");
    }
  }
  return {
    log,
    shut(until: Promise<void>) {
      gate = until;
    },
    api: proxy({
      count: (to: number) => exposeGenerator(count(to), (step) => (step.done ? [step.value.buffer as ArrayBuffer] : [])),
      fail: (): number => {
        throw new SampleError("no number today");
      },
      abort: (): number => {
        throw new DOMException("stopped", "AbortError");
      },
    }),
  };
}

type Counter = ReturnType<typeof createCounter>["api"];
type Opening = Promise<Remote<Stepper<number, Float32Array> & ProxyMarked>>;

const open: (() => void)[] = [];
function connect() {
  const { port1, port2 } = new MessageChannel();
  const counter = createCounter();
  expose(counter.api, port1);
  const remote = wrap<Counter>(port2);
  open.push(() => {
    remote[releaseProxy]();
    port1.close();
    port2.close();
  });
  return { counter, remote, count: (to: number) => remote.count(to) as unknown as Opening };
}

/** Waits for something on the other side, without a clock: each turn lets waiting messages through. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(condition()).toBe(true);
}

beforeAll(installErrorTransfer);
afterEach(() => open.splice(0).forEach((close) => close()));

describe("async generator over a message channel", () => {
  it("yields every step in order and returns the result", async () => {
    const { count, counter } = connect();
    const steps: number[] = [];
    const generator = iterate(count(4));
    let result = await generator.next();
    for (; !result.done; result = await generator.next()) steps.push(result.value);
    expect(steps).toEqual([1, 2, 3, 4]);
    expect([...result.value]).toEqual([4, 4]);
    expect(counter.log.at(-1)).toBe("ended");
  });

  it("takes no step that was not asked for", async () => {
    const { count, counter } = connect();
    const generator = iterate(count(10));
    await generator.next();
    await generator.next();
    expect(counter.log).toEqual(["step 1", "step 2"]);
    await generator.return(new Float32Array());
  });

  it("ends the other side when the loop is left", async () => {
    const { count, counter } = connect();
    for await (const step of iterate(count(10))) if (step === 2) break;
    await until(() => counter.log.includes("ended"));
    expect(counter.log).toEqual(["step 1", "step 2", "ended"]);
  });

  it("throws the signal's reason at once, even while a step hangs, and ends the other side after that step", async () => {
    const { count, counter } = connect();
    const stop = new AbortController();
    const generator = iterate(count(10), stop.signal);
    await generator.next();
    let free = () => {};
    counter.shut(new Promise((resolve) => (free = resolve)));
    const hanging = generator.next();
    stop.abort(new SampleError("enough"));
    await expect(hanging).rejects.toThrow("enough");
    expect(counter.log).not.toContain("ended");
    free();
    await until(() => counter.log.includes("ended"));
    expect(counter.log).toEqual(["step 1", "step 2", "ended"]);
  });

  it("starts nothing under a signal that has aborted before", async () => {
    const { count, counter } = connect();
    await expect(iterate(count(3), AbortSignal.abort(new SampleError("too late"))).next()).rejects.toThrow("too late");
    await until(() => counter.log.length === 0);
  });

  it("carries an error in mid-generator, with its name and code", async () => {
    const { count } = connect();
    const generator = iterate(count(99));
    for (let i = 0; i < 3; i++) await generator.next();
    const cause: unknown = await generator.next().then(() => null, (error: unknown) => error);
    expect(cause).toBeInstanceOf(Error);
    expect((cause as Error).name).toBe("SampleError");
    expect(codeOf(cause)).toBe("spoilt");
  });
});

describe("errors over a message channel", () => {
  it("keep name, code and message", async () => {
    const { remote } = connect();
    const cause: unknown = await remote.fail().catch((error: unknown) => error);
    expect(cause).toMatchObject({ name: "SampleError", code: "spoilt", message: "no number today" });
  });

  it("stay abort errors where they are that", async () => {
    const { remote } = connect();
    const cause: unknown = await remote.abort().catch((error: unknown) => error);
    expect(cause).toBeInstanceOf(DOMException);
    expect((cause as DOMException).name).toBe("AbortError");
    expect(codeOf(cause)).toBeNull();
  });
});
