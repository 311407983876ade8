import { finalizer, proxy, releaseProxy, transfer, wrap, type Endpoint, type ProxyMarked, type Remote } from "comlink";
import { abortable, exposeGenerator, installErrorTransfer, iterate, type Stepper } from "../workers/bridge.ts";
import type { BatchProgress, ModelFormat, NamedFile, RoundRequest, RoundResult, Trainer } from "./trainer.ts";

type ServedTrainer = Omit<Trainer, "train"> & { train(request: RoundRequest): Stepper<BatchProgress, RoundResult> & ProxyMarked };

/** A trainer on another thread. */
export interface RemoteTrainer extends Trainer {
  /** Round → epoch → batch. Ends before the next batch when the signal aborts, and throws its reason. */
  train(request: RoundRequest, signal?: AbortSignal): AsyncGenerator<BatchProgress, RoundResult, void>;
  /** Lets go of the other thread; every call that is under way or comes later is refused. */
  close(): void;
}

/** The trainer as `connectTrainer` speaks to it; model-sized results are handed over, not copied. */
export function serveTrainer(trainer: Trainer & { close?(): void }): ServedTrainer & ProxyMarked {
  installErrorTransfer();
  const hand = <T extends Float32Array | Uint8Array>(array: T): T => transfer(array, [array.buffer as ArrayBuffer]);
  return proxy({
    load: (...args: Parameters<Trainer["load"]>) => trainer.load(...args),
    initial: async () => hand(await trainer.initial()),
    train: (request: RoundRequest) => exposeGenerator(trainer.train(request), (step) => (step.done ? [step.value.delta.buffer as ArrayBuffer] : [])),
    evaluate: (params: Float32Array) => trainer.evaluate(params),
    losses: (params: Float32Array) => trainer.losses(params),
    predict: (params: Float32Array, input: Float32Array) => trainer.predict(params, input),
    predictMany: (params: Float32Array, inputs: Float32Array[]) => trainer.predictMany(params, inputs),
    async exportModel(params: Float32Array, format: ModelFormat, about: Record<string, string>) {
      const files = await trainer.exportModel(params, format, about);
      return transfer(files, files.map(({ bytes }) => bytes.buffer));
    },
    importModel: async (files: NamedFile[]) => hand(await trainer.importModel(files)),
    async saveState() {
      const state = await trainer.saveState();
      return state && hand(state);
    },
    loadState: (state: Uint8Array) => trainer.loadState(state),
    /** Comlink calls this when the other side lets go. */
    [finalizer]: () => trainer.close?.(),
  });
}

/**
 * @param endpoint the train worker, or a port to one
 * @param gone aborts when that worker has failed or was ended; whatever still waits for it then throws the reason
 */
export function connectTrainer(endpoint: Endpoint, gone?: AbortSignal): RemoteTrainer {
  installErrorTransfer();
  const closing = new AbortController();
  const ended = gone ? AbortSignal.any([gone, closing.signal]) : closing.signal;
  const remote = wrap<ServedTrainer>(endpoint);
  const call = <T>(promise: Promise<T>): Promise<T> => abortable(promise, ended);
  return {
    load: (...args) => call(remote.load(...args)),
    initial: () => call(remote.initial()),
    train: (request, signal) =>
      iterate(remote.train(request) as unknown as Promise<Remote<Stepper<BatchProgress, RoundResult> & ProxyMarked>>, signal ? AbortSignal.any([signal, ended]) : ended),
    evaluate: (params) => call(remote.evaluate(params)),
    losses: (params) => call(remote.losses(params)),
    predict: (params, input) => call(remote.predict(params, input)),
    predictMany: (params, inputs) => call(remote.predictMany(params, inputs)),
    exportModel: (params, format, about) => call(remote.exportModel(params, format, about)),
    importModel: (files) => call(remote.importModel(files)),
    saveState: () => call(remote.saveState()),
    loadState: (state) => call(remote.loadState(state)),
    close() {
      closing.abort(new DOMException("the trainer was closed", "AbortError"));
      remote[releaseProxy]();
    },
  };
}
