import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TaskError } from "./errors.ts";
import { MAX_LAYERS } from "./limits.ts";
import { digitsTask } from "./tasks/digits.ts";
import { planLayers } from "./topology.ts";

const layer = (class_name: string, config: Record<string, unknown> = {}) => ({ class_name, config });
const plan = (...layers: object[]) => planLayers({ config: { layers } }, [28, 28, 1], 10);
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (cause) {
    expect(cause).toBeInstanceOf(TaskError);
    return (cause as TaskError).code;
  }
  return "nothing thrown";
};
const head = [layer("Flatten"), layer("Dense", { units: 10 })];

describe("a topology that a manifest brings", () => {
  it("is planned layer by layer, with each weight's shape", () => {
    const shapes = plan(layer("InputLayer"), layer("Conv2D", { filters: 4, kernel_size: [3, 5], strides: 2, use_bias: false }), layer("MaxPooling2D"), ...head).flatMap(({ weights }) => weights);
    expect(shapes).toEqual([[3, 5, 1, 4], [6 * 6 * 4, 10], [10]]);
  });

  it("may end in a softmax, as Keras models do: it is left to the loss", () => {
    const planned = plan(layer("Flatten"), layer("Dense", { units: 10, activation: "softmax", kernel_regularizer: null }));
    expect(planned.at(-1)?.layer.getConfig()["activation"]).toBe("linear");
  });

  it("is refused if it holds what a swarm cannot share or this engine cannot train", () => {
    expect(codeOf(() => plan(layer("BatchNormalization"), ...head))).toBe("bad-model");
    expect(codeOf(() => plan(layer("Lambda"), ...head))).toBe("bad-model");
    expect(codeOf(() => plan(layer("toString"), ...head))).toBe("bad-model");
    expect(codeOf(() => plan(layer("Flatten"), layer("Dense", { units: 10, trainable: false })))).toBe("bad-model");
    expect(codeOf(() => plan(layer("Flatten"), layer("Dense", { units: 10, kernel_regularizer: { l2: 1 } })))).toBe("bad-model");
    expect(codeOf(() => plan(layer("Conv2D", { filters: 4, kernel_size: 29 }), ...head))).toBe("bad-model");
    expect(codeOf(() => plan(layer("Dense", { units: 10 })))).toBe("bad-model");
    expect(codeOf(() => plan(layer("Flatten"), layer("Dense", { units: 11 })))).toBe("bad-model");
    expect(codeOf(() => plan())).toBe("bad-model");
  });

  it("is refused for its size before a weight is allocated", () => {
    const wide = layer("Dense", { units: 65_536 });
    expect(codeOf(() => plan(layer("Flatten"), wide, wide, ...head))).toBe("too-large");
    expect(codeOf(() => plan(layer("Conv2D", { filters: 65_536, kernel_size: 1 }), ...head))).toBe("too-large");
    expect(codeOf(() => plan(...Array.from({ length: MAX_LAYERS + 1 }, () => layer("Flatten")), ...head))).toBe("bad-model");
  });

  it("gives a typed error whatever JSON stands in it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("layers", "name", "x"), fc.jsonValue()), (config) => {
        expect(["bad-model", "too-large"]).toContain(codeOf(() => planLayers({ config }, [28, 28, 1], 10)));
      }),
    );
    const names = fc.constantFrom("Dense", "Conv2D", "Flatten", "MaxPooling2D", "Activation");
    const config = fc.dictionary(fc.constantFrom("units", "filters", "kernel_size", "strides", "padding", "activation", "pool_size"), fc.jsonValue());
    fc.assert(
      fc.property(fc.array(fc.record({ class_name: names, config }), { maxLength: 4 }), (layers) => {
        expect(["bad-model", "too-large", "nothing thrown"]).toContain(codeOf(() => plan(...layers)));
      }),
    );
  });

  it("fits the digits that ship", () => {
    expect(planLayers(digitsTask.model, [28, 28, 1], 10).length).toBeGreaterThan(2);
  });
});
