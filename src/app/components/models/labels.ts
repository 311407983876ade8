import type { ModelView } from "../../../device/api.ts";

/** What each answer of a task's model is called. */
export function labelNames({ data }: ModelView["task"], language: string): string[] {
  switch (data.kind) {
    case "image":
      return data.names ?? Array.from({ length: data.labels }, (_, label) => String(label));
    case "table":
      return data.columns.flatMap((column) => (column.role === "label" ? column.values : []));
    case "passages": {
      if (data.source !== "udhr") return data.labels;
      const names = new Intl.DisplayNames(language, { type: "language" });
      return data.labels.map((tag) => names.of(tag) ?? tag);
    }
    case "text":
      return [];
  }
}
