import { signal } from "@preact/signals";
import type { TextStore } from "./local-store.ts";

export const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

export const theme = signal<Theme>("auto");

/** `auto` follows the system: the attribute is absent and the style sheet asks `prefers-color-scheme`. */
function show(root: HTMLElement): void {
  if (theme.value === "auto") delete root.dataset["theme"];
  else root.dataset["theme"] = theme.value;
}

export function startTheme(store: TextStore, root: HTMLElement): void {
  theme.value = THEMES.find((known) => known === store.read("theme")) ?? "auto";
  theme.subscribe(() => show(root));
}
