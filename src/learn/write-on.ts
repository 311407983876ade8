import { createRandom } from "../wire/random.ts";
import { TaskError } from "./errors.ts";
import type { Trainer } from "./trainer.ts";

export interface WritingOptions {
  /** Most bytes to write. */
  bytes: number;
  /** 0: always the likeliest byte; 1: as often as the model holds it likely; above: bolder. */
  temperature: number;
  seed: number;
}

/**
 * What a text's model writes on after a prompt, a character or more at a time, as it is decoded from the bytes. Stop by
 * leaving the loop.
 * @throws TaskError `wrong-length` for a prompt without a byte
 */
export async function* writeOn(trainer: Pick<Trainer, "predict">, params: Float32Array, prompt: string, { bytes, temperature, seed }: WritingOptions): AsyncGenerator<string, void, void> {
  const written = [...new TextEncoder().encode(prompt)];
  if (written.length === 0) throw new TaskError("wrong-length", "a prompt is needed to write on from");
  const random = createRandom([seed, "writing"]);
  const decoder = new TextDecoder();
  for (let count = 0; count < bytes; count++) {
    const { probabilities } = await trainer.predict(params, Float32Array.from(written));
    const byte = draw(probabilities, temperature, random.uniform());
    written.push(byte);
    const text = decoder.decode(Uint8Array.of(byte), { stream: true });
    if (text !== "") yield text;
  }
}

function draw(probabilities: readonly number[], temperature: number, at: number): number {
  const top = probabilities.reduce((a, b) => Math.max(a, b), 0);
  if (temperature === 0) return probabilities.indexOf(top);
  const weights = probabilities.map((probability) => (probability / top) ** (1 / temperature));
  let left = at * weights.reduce((a, b) => a + b, 0);
  const found = weights.findIndex((weight) => (left -= weight) < 0);
  return found < 0 ? probabilities.indexOf(top) : found;
}
