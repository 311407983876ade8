import type * as v from "valibot";

/** The parts of a valibot schema that are read here. */
interface Shape {
  kind: string;
  type: string;
  literal?: unknown;
  options?: unknown[];
  entries?: Record<string, Shape>;
  items?: Shape[];
  item?: Shape;
  wrapped?: Shape;
  pipe?: Shape[];
  requirement?: unknown;
}

type Json = Record<string, unknown>;

/**
 * A valibot schema as JSON Schema (draft 2020-12).
 * @throws Error for a part that has no counterpart here, so that nothing is lost unseen
 */
export const toJsonSchema = (schema: v.GenericSchema): Json => convert(schema as unknown as Shape);

function convert(schema: Shape): Json {
  const [inner] = schema.pipe ?? [];
  const json = inner?.pipe ? convert(inner) : base(schema);
  for (const action of schema.pipe?.slice(1) ?? []) Object.assign(json, constraint(action, json));
  return json;
}

function base(schema: Shape): Json {
  switch (schema.type) {
    case "string":
    case "number":
    case "boolean":
      return { type: schema.type };
    case "unknown":
      return {};
    case "literal":
      return { const: schema.literal };
    case "picklist":
      return { enum: schema.options };
    case "array":
      return { type: "array", items: convert(schema.item!) };
    case "strict_tuple":
      return { type: "array", prefixItems: schema.items!.map(convert), minItems: schema.items!.length, items: false };
    case "union":
    case "variant":
      return { anyOf: (schema.options as Shape[]).map(convert) };
    case "loose_object":
    case "strict_object":
      return object(schema);
    default:
      throw new Error(`a schema of the type ${schema.type} cannot be told in JSON Schema; add it to tools/json-schema.ts`);
  }
}

function object({ type, entries = {} }: Shape): Json {
  const names = Object.keys(entries);
  const properties = Object.fromEntries(names.map((name) => [name, convert(entries[name]!.type === "optional" ? entries[name]!.wrapped! : entries[name]!)]));
  const required = names.filter((name) => entries[name]!.type !== "optional");
  return { type: "object", properties, required, ...(type === "strict_object" ? { additionalProperties: false } : {}) };
}

function constraint({ type, requirement }: Shape, { type: of }: Json): Json {
  const sized = of === "array" ? "Items" : "Length";
  switch (type) {
    case "integer":
      return { type: "integer" };
    case "finite":
      return {}; // JSON has no other numbers
    case "min_value":
      return { minimum: requirement };
    case "max_value":
      return { maximum: requirement };
    case "gt_value":
      return { exclusiveMinimum: requirement };
    case "lt_value":
      return { exclusiveMaximum: requirement };
    case "min_length":
      return { [`min${sized}`]: requirement };
    case "max_length":
      return { [`max${sized}`]: requirement };
    case "regex":
      return { pattern: (requirement as RegExp).source };
    default:
      throw new Error(`the rule ${type} cannot be told in JSON Schema; add it to tools/json-schema.ts`);
  }
}
