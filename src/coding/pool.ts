import { abortable } from "../workers/bridge.ts";
import { startKernel, type Job, type Kernel } from "./kernel.ts";

/** A worker, or a port to one. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  start?(): void;
}

interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

interface Task {
  job: Job;
  args: number[];
}

/** The worker's side: runs the jobs that it is sent over the memory that is shared with it. */
export function serveCoding(port: Port): void {
  let kernel: Kernel | undefined;
  port.addEventListener("message", ({ data }: MessageEvent<Start | Task>) => {
    if ("module" in data) {
      kernel = startKernel(data.module, data.memory);
      return;
    }
    try {
      if (kernel === undefined) throw new Error("a coding worker was sent a task before its kernel");
      kernel[data.job](...data.args);
      port.postMessage(null);
    } catch (cause) {
      port.postMessage(String(cause));
    }
  });
  port.start?.();
}

export interface Pool {
  readonly threads: number;
  /** One task a thread. @throws the reason of `gone`, or what a task threw */
  run(job: Job, argsOf: (thread: number) => number[]): Promise<void>;
}

/** @param gone aborts when a worker has failed or was ended */
export function createPool(ports: readonly Port[], module: WebAssembly.Module, memory: WebAssembly.Memory, gone: AbortSignal): Pool {
  const kernel = startKernel(module, memory);
  // A worker answers in order, and `run` waits for all: so each has at most one answer due.
  const due = ports.map((): ((failure: string | null) => void) => () => undefined);
  ports.forEach((port, i) => {
    port.addEventListener("message", ({ data }: MessageEvent<string | null>) => due[i]!(data));
    port.start?.();
    port.postMessage({ module, memory } satisfies Start);
  });
  return {
    threads: ports.length + 1,
    async run(job, argsOf) {
      const answers = ports.map((port, i) => {
        const answer = new Promise<string | null>((resolve) => (due[i] = resolve));
        port.postMessage({ job, args: argsOf(i + 1) } satisfies Task);
        return answer;
      });
      kernel[job](...argsOf(0));
      const failure = (await abortable(Promise.all(answers), gone)).find((answer) => answer !== null);
      if (failure !== undefined) throw new Error(failure);
    },
  };
}
