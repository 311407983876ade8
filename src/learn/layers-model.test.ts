import "@tensorflow/tfjs-backend-cpu";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TaskError } from "./errors.ts";
import { fromLayersModel } from "./layers-model.ts";
import { planLayers } from "./topology.ts";

const dense = (name: string, units: number, from: string | null) => ({ class_name: "Dense", name, config: { name, units }, inbound_nodes: from === null ? [] : [[[from, 0, 0, {}]]] });
const input = { class_name: "InputLayer", name: "in", config: { batch_input_shape: [null, 5] }, inbound_nodes: [] };
const functional = (...list: object[]) => JSON.stringify({ class_name: "Functional", config: { name: "m", layers: list } });
const shapesOf = (text: string, from: number[], outputs: number) => planLayers(fromLayersModel(text), from, outputs).flatMap(({ weights }) => weights);

describe("a model that a developer brings", () => {
  it("may be what tfjs itself saves", () => {
    const model = sequential();
    model.add(layers.conv2d({ inputShape: [8, 8, 1], filters: 2, kernelSize: 3, activation: "relu" }));
    model.add(layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }));
    model.add(layers.flatten());
    model.add(layers.dense({ units: 3, activation: "softmax" }));
    const saved = JSON.stringify({ modelTopology: { ...(model.toJSON(null, false) as unknown as object) }, weightsManifest: [] });
    expect(shapesOf(saved, [8, 8, 1], 3)).toEqual(model.trainableWeights.map(({ shape }) => shape));
  });

  it("may be Keras's, Sequential of both ages or a functional chain in any order", () => {
    const layersOf = [{ class_name: "Dense", config: { units: 4 } }, { class_name: "Dense", config: { units: 2 } }];
    const shapes = [[5, 4], [4], [4, 2], [2]];
    expect(shapesOf(JSON.stringify({ class_name: "Sequential", config: layersOf }), [5], 2)).toEqual(shapes);
    expect(shapesOf(JSON.stringify({ model_config: { class_name: "Sequential", config: { layers: layersOf } } }), [5], 2)).toEqual(shapes);
    expect(shapesOf(functional(input, dense("b", 2, "a"), dense("a", 4, "in")), [5], 2)).toEqual(shapes);
    const keras3 = { ...dense("a", 4, null), inbound_nodes: [{ args: [{ class_name: "__keras_tensor__", config: { keras_history: ["in", 0, 0] } }], kwargs: {} }] };
    expect(shapesOf(functional(input, keras3, dense("b", 2, "a")), [5], 2)).toEqual(shapes);
  });

  it("is refused where layers branch, and if it is no model at all, with a typed error", () => {
    const join = { class_name: "Add", name: "c", config: {}, inbound_nodes: [[["a", 0, 0, {}], ["b", 0, 0, {}]]] };
    expect(() => fromLayersModel(functional(input, dense("a", 4, "in"), dense("b", 4, "in"), join))).toThrow("only a chain");
    expect(() => fromLayersModel(functional(input, dense("a", 4, "a")))).toThrow("only a chain");
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(() => fromLayersModel(text)).toThrow(TaskError);
      }),
    );
  });
});
