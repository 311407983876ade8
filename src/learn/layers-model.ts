import * as v from "valibot";
import { TaskError } from "./errors.ts";
import { MAX_LAYERS, MAX_TOPOLOGY_CHARACTERS } from "./limits.ts";
import type { SequentialModel } from "./task-model.ts";

const described = v.object({ class_name: v.string(), config: v.record(v.string(), v.unknown()) });
/** Keras before 2.3 wrote a Sequential's layers as its whole config. */
const SequentialConfig = v.union([v.pipe(v.array(described), v.transform((layers) => ({ layers }))), v.object({ layers: v.array(described) })]);
const FunctionalConfig = v.object({
  layers: v.array(v.object({ ...described.entries, name: v.string(), inbound_nodes: v.array(v.unknown()) })),
});

/**
 * The model of a `model.json` as Keras or tfjs saves it (`{ modelTopology: … }`, `{ model_config: … }` or the topology
 * alone), in the form that a manifest holds. A functional model may be brought if each layer feeds the next. What the
 * layers are is checked by `planLayers`.
 * @param text the file's text
 * @throws TaskError `bad-model` or `too-large`
 */
export function fromLayersModel(text: string): SequentialModel {
  // Weights are named in the file too, with their places in other files.
  if (text.length > 10 * MAX_TOPOLOGY_CHARACTERS) throw new TaskError("too-large", `the file has ${text.length} characters; at most ${10 * MAX_TOPOLOGY_CHARACTERS} are read`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TaskError("bad-model", `the file is no JSON (${String(cause)})`);
  }
  const topology = v.safeParse(described, inside(inside(json, "modelTopology"), "model_config"));
  // A Sequential's config may be a list, which `described` does not allow.
  const old = v.safeParse(v.object({ class_name: v.literal("Sequential"), config: v.array(v.unknown()) }), inside(inside(json, "modelTopology"), "model_config"));
  if (old.success) return sequential(old.output.config);
  if (!topology.success) throw new TaskError("bad-model", "the file holds no model that Keras or tfjs has saved: class_name and config are missing");
  const { class_name: kind, config } = topology.output;
  if (kind === "Sequential") return sequential(config);
  if (kind === "Functional" || kind === "Model") return chain(config);
  throw new TaskError("bad-model", `a model of the class ${kind} cannot be brought; save it as Sequential or Functional`);
}

const inside = (json: unknown, key: string): unknown => (json !== null && typeof json === "object" && key in json ? (json as Record<string, unknown>)[key] : json);

function sequential(config: unknown): SequentialModel {
  const parsed = v.safeParse(SequentialConfig, config);
  if (!parsed.success) throw new TaskError("bad-model", `the Sequential model cannot be read: ${v.summarize(parsed.issues)}`);
  return model(parsed.output.layers);
}

/** The layers of a functional model in the order in which one feeds the next. */
function chain(config: unknown): SequentialModel {
  const parsed = v.safeParse(FunctionalConfig, config);
  if (!parsed.success) throw new TaskError("bad-model", `the functional model cannot be read: ${v.summarize(parsed.issues)}`);
  const { layers } = parsed.output;
  const ordered: typeof layers = [];
  let previous: string | null = null;
  while (ordered.length < layers.length) {
    const followers = layers.filter((layer) => sources(layer.inbound_nodes).join("\n") === (previous ?? ""));
    const [next] = followers;
    if (!next || followers.length > 1 || ordered.includes(next)) throw new TaskError("bad-model", `after ${previous ?? "the input"} there is not exactly one layer that takes it alone; only a chain of layers can be brought`);
    ordered.push(next);
    previous = next.name;
  }
  return model(ordered);
}

/** Names of the layers that feed this one: the first entry of each `["name", node, tensor, {}]`, however deep Keras nests them. */
function sources(nodes: unknown): string[] {
  if (Array.isArray(nodes)) return typeof nodes[0] === "string" ? [nodes[0]] : nodes.flatMap(sources);
  if (nodes === null || typeof nodes !== "object") return [];
  // Keras 3: { class_name: "__keras_tensor__", config: { keras_history: ["name", node, tensor] } } among `args`.
  const { args, config } = nodes as { args?: unknown; config?: { keras_history?: unknown } };
  return sources(config?.keras_history ?? args);
}

function model(layers: readonly { class_name: string; config: Record<string, unknown> }[]): SequentialModel {
  if (layers.length === 0 || layers.length > MAX_LAYERS + 1) throw new TaskError("bad-model", `the model has ${layers.length} layers; 1 to ${MAX_LAYERS} can be trained`);
  return { className: "Sequential", config: { layers: layers.map(({ class_name, config }) => ({ class_name, config })) } };
}
