import { releaseProxy, wrap, type Endpoint } from "comlink";
import type { Random } from "../../wire/random.ts";
import { abortable, installErrorTransfer } from "../../workers/bridge.ts";
import { HELPER_IDLE_MS, HELPER_PATIENCE } from "../engine/limits.ts";
import { addGradient, type BatchResult, partsOf } from "../engine/micro-batches.ts";
import type { Drawn, Learner } from "../learner.ts";
import type { TaskManifest } from "../task.ts";
import type { Slicer } from "./slicer.ts";

/** A worker that serves a `Slicer`. */
export interface StartedSlicer {
  port: Endpoint;
  /** Aborts when the worker has failed. */
  gone: AbortSignal;
  terminate(): void;
}

export interface SlicePool {
  /** Most threads of a step, this one included. */
  readonly threads: number;
  /** For steps from `params`. */
  open(learner: Learner, params: Float32Array): SharedSteps;
  /** Resolves to the number of helpers once each of them has started or failed. */
  ready(): Promise<number>;
  /** Ends the helpers at once; the train worker goes on alone. */
  close(): void;
}

export interface SharedSteps {
  /** Shared with the helpers: changed between two gradients only. */
  params: Float32Array;
  /**
   * As `gradientInParts`, bit for bit: a batch's parts are computed beside each other and added in their order, so that
   * neither the number of threads nor who was first changes the sum. `threads`: how many took part.
   */
  gradient(samples: Uint32Array, most: number, chance: Random, sum: Float32Array): Promise<BatchResult & { threads: number }>;
}

interface Helper {
  gradient: Slicer["gradient"];
  gone: AbortSignal;
  ready: boolean;
  end(): void;
}

/**
 * Helpers for a task's gradients. They are started with the first steps, which do not wait for them; one that fails, or
 * takes far longer than this thread, is ended, and its slice is computed here.
 */
export function createSlicePool({ task, threads, start }: { task: TaskManifest; threads: number; start: () => StartedSlicer }): SlicePool {
  let helpers: readonly Helper[] | null = null;
  let starting: Promise<unknown> = Promise.resolve();
  let idle: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  function endAll(): void {
    clearTimeout(idle);
    const all = helpers ?? [];
    // First, for each says that it is gone.
    helpers = null;
    for (const helper of all) helper.end();
  }

  function drop(helper: Helper, cause: unknown): void {
    if (!helpers?.includes(helper)) return;
    helpers = helpers.filter((other) => other !== helper);
    helper.end();
    console.warn("a worker that helps to train was ended; the others go on", cause);
  }

  function rest(): void {
    clearTimeout(idle);
    if (helpers) idle = setTimeout(endAll, HELPER_IDLE_MS);
  }

  function wake(): void {
    clearTimeout(idle);
    if (closed || helpers) return;
    const fresh = Array.from({ length: threads - 1 }, () => startHelper(start));
    helpers = fresh;
    starting = Promise.all(
      fresh.map(async (helper) => {
        helper.gone.addEventListener("abort", () => drop(helper, helper.gone.reason));
        await abortable(helper.open(task), helper.gone).then(
          () => (helper.ready = true),
          (cause: unknown) => drop(helper, cause),
        );
      }),
    );
  }

  return {
    threads,
    open(learner, from) {
      wake();
      rest();
      const params = sharedFloats(from.length);
      params.set(from);
      // One a helper and not a slice: what is written too late is then read by nobody.
      const slots = new Map<Helper, Float32Array>();
      const slotOf = (helper: Helper): Float32Array => {
        const slot = slots.get(helper) ?? sharedFloats(from.length);
        slots.set(helper, slot);
        return slot;
      };

      return {
        params,
        async gradient(samples, most, chance, sum) {
          const parts = partsOf(samples, most);
          const total = { loss: 0, accuracy: 0, gradient: sum, threads: 1 };
          const add = (weight: number, { loss, accuracy }: Omit<BatchResult, "gradient">): void => {
            total.loss += weight * loss;
            total.accuracy += weight * accuracy;
          };
          sum.fill(0);
          wake();
          for (let next = 0; next < parts.length; ) {
            const crew = (helpers ?? []).filter(({ ready }) => ready).slice(0, parts.length - next - 1);
            const [own, ...others] = parts.slice(next, (next += crew.length + 1)).map((part) => ({ drawn: learner.draw(part, chance), weight: part.length / samples.length }));
            // The others' first, so that they are at it while this thread computes its own.
            const asked = others.map(({ drawn, weight }, i) => ({ drawn, weight, helper: crew[i]!, slot: slotOf(crew[i]!), answer: ask(crew[i]!, params, drawn, slotOf(crew[i]!)) }));
            const began = performance.now();
            add(own!.weight, await learner.gradient(params, own!.drawn, { sum, weight: own!.weight }));
            const patience = Math.max(HELPER_PATIENCE.ms, HELPER_PATIENCE.times * (performance.now() - began));
            for (const { drawn, weight, helper, slot, answer } of asked) {
              const result = await within(answer, patience);
              if ("cause" in result) {
                drop(helper, result.cause);
                add(weight, await learner.gradient(params, drawn, { sum, weight }));
              } else {
                addGradient(slot, { sum, weight });
                add(weight, result);
              }
            }
            total.threads = Math.max(total.threads, crew.length + 1);
          }
          rest();
          return total;
        },
      };
    },
    async ready() {
      await starting;
      return helpers?.length ?? 0;
    },
    close() {
      closed = true;
      endAll();
    },
  };
}

function startHelper(start: () => StartedSlicer): Helper & Pick<Slicer, "open"> {
  installErrorTransfer();
  const { port, gone, terminate } = start();
  const remote = wrap<Slicer>(port);
  const ended = new AbortController();
  return {
    open: (task) => remote.open(task),
    gradient: (params, drawn, into) => remote.gradient(params, drawn, into),
    gone: AbortSignal.any([gone, ended.signal]),
    ready: false,
    end() {
      ended.abort(new Error("the worker was ended"));
      remote[releaseProxy]();
      terminate();
    },
  };
}

type Answer = { loss: number; accuracy: number } | { cause: unknown };

/** Never rejects: a helper's failure is no failure of the step. */
const ask = (helper: Helper, params: Float32Array, drawn: Drawn, slot: Float32Array): Promise<Answer> =>
  abortable(helper.gradient(params, drawn, slot), helper.gone).catch((cause: unknown) => ({ cause }));

async function within(answer: Promise<Answer>, patience: number): Promise<Answer> {
  let late: ReturnType<typeof setTimeout> | undefined;
  const given = new Promise<Answer>((resolve) => (late = setTimeout(resolve, patience, { cause: new Error(`no gradient within ${Math.round(patience)} ms`) })));
  try {
    return await Promise.race([answer, given]);
  } finally {
    clearTimeout(late);
  }
}

const sharedFloats = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * length));
