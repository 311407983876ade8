import { TaskError } from "../errors.ts";
import type { TaskManifest } from "../task.ts";
import { inputShape, labelCount } from "../task-data.ts";
import type { SequentialModel } from "../task-model.ts";
import type { ModelFormat, NamedFile } from "../trainer.ts";
import { toOnnx } from "./onnx.ts";
import { plainLayers } from "./plain-layers.ts";
import { fromTfjs, toTfjs } from "./tfjs.ts";

/** @throws TaskError `unsupported` */
function sequential({ model }: TaskManifest): SequentialModel {
  if (model.className === "Sequential") return model;
  throw new TaskError("unsupported", `a model of the kind ${model.className} is no chain of layers, which both formats need; its weights can be had as they are`);
}

/** What a program needs to know to put in what the model takes, and to read what comes out. */
function usage({ data }: TaskManifest): Record<string, string> {
  switch (data.kind) {
    case "image":
      return { input: `pixels from 0 to 1 [${inputShape(data).join(", ")}]${data.scale ? `, as (pixel - ${data.scale.mean}) / ${data.scale.deviation}` : ""}`, labels: JSON.stringify(data.names ?? Array.from({ length: data.labels }, (_, label) => String(label))) };
    case "table":
      return { input: JSON.stringify(data.columns.filter(({ role }) => role === "number" || role === "category")), labels: JSON.stringify(data.columns.flatMap((column) => (column.role === "label" ? column.values : []))) };
    case "passages":
      return { input: `roots of the counts of byte runs up to ${data.longest}, hashed into ${data.buckets} (FNV-1a), scaled to length sqrt(${data.buckets})`, labels: JSON.stringify(data.labels) };
    case "text":
      return { input: "bytes" };
  }
}

/**
 * A task's model as files for other programs.
 * @param about what the files say of the model besides
 * @throws TaskError `unsupported` for what is no chain of layers, `wrong-length`
 */
export function exportModel(task: TaskManifest, params: Float32Array, format: ModelFormat, about: Record<string, string>): NamedFile[] {
  const model = sequential(task);
  const layers = plainLayers(model, inputShape(task.data), labelCount(task.data));
  const parameters = layers.flatMap(({ weights }) => weights).reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
  if (params.length !== parameters) throw new TaskError("wrong-length", `${params.length} parameters for a model of ${parameters}`);
  const said = { ...usage(task), ...about };
  return format === "tfjs" ? toTfjs(model, layers, params, task.name, said) : [{ name: `${task.name}.onnx`, bytes: toOnnx(layers, params, task.name, said) }];
}

/** The flat vector of a saved tfjs model of this task. @throws TaskError */
export const importModel = (task: TaskManifest, files: readonly NamedFile[]): Float32Array<ArrayBuffer> => fromTfjs(files, sequential(task), inputShape(task.data), labelCount(task.data));
