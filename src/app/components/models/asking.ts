import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Device } from "../../../device/api.ts";
import { modelProblem } from "./problem.ts";

/** What a model made of an input, and how long that took: in the engine, and from the page and back. */
export interface Answer {
  probabilities: number[];
  engine: number;
  all: number;
}

export interface Asking {
  answer: ReadonlySignal<Answer | null>;
  problem: ReadonlySignal<string | null>;
  /** The newest input is answered; those that came while the engine was busy are passed over. */
  ask(input: Float32Array): Promise<void>;
  clear(): void;
}

/** Asks one model, one question at a time. */
export function useAsking(device: Promise<Device>, id: string): Asking {
  const answer = useSignal<Answer | null>(null);
  const problem = useSignal<string | null>(null);
  const state = useRef<{ busy: boolean; next: Float32Array | null }>({ busy: false, next: null });
  const clear = (): void => {
    state.current.next = null;
    answer.value = problem.value = null;
  };
  useEffect(clear, [id]);
  const ask = async (input: Float32Array): Promise<void> => {
    state.current.next = input;
    if (state.current.busy) return;
    state.current.busy = true;
    try {
      for (let next = state.current.next as Float32Array | null; next; next = state.current.next) {
        state.current.next = null;
        const began = performance.now();
        const { probabilities, milliseconds } = await (await device).askModel(id, next);
        answer.value = { probabilities, engine: milliseconds, all: performance.now() - began };
        problem.value = null;
      }
    } catch (cause) {
      answer.value = null;
      problem.value = modelProblem(cause);
    } finally {
      state.current.busy = false;
    }
  };
  return { answer, problem, ask, clear };
}
