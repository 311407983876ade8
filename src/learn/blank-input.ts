import { inputShape } from "./task-data.ts";
import type { TaskManifest } from "./task.ts";

const SPACE = 0x20;

/** An input with nothing in it, in the form that `Trainer.predict` takes: a blank picture, a row of empty fields, a space. */
export function blankInput(data: TaskManifest["data"]): Float32Array<ArrayBuffer> {
  switch (data.kind) {
    case "image":
      return new Float32Array(inputShape(data).reduce((a, b) => a * b, 1));
    case "table":
      return new Float32Array(data.columns.filter(({ role }) => role === "number" || role === "category").length).fill(NaN);
    case "passages":
    case "text":
      return Float32Array.of(SPACE);
  }
}
