import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Sides of the screen, shadows to one of them, and what the build does not carry over. */
const PHYSICAL = /(?:^|[\s;{])((?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-)?(?:left|right)(?:-(?:width|color|style))?|border-(?:top|bottom)-(?:left|right)-radius)\s*:|(?:float|clear|text-align)\s*:\s*(?:left|right)|box-shadow\s*:\s*inset\s+-?[1-9]|:dir\(/g;

it("the styles name sides as the text runs, so that the page may be read from right to left", () => {
  const folder = new URL(".", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".css"));
  expect(files.length).toBeGreaterThan(5);
  for (const name of files) expect(readFileSync(new URL(name, folder), "utf8").match(PHYSICAL) ?? [], name).toEqual([]);
  // What it would find.
  expect("a { margin-left: 1px; text-align: right; left: 0; border-top-left-radius: 2px; box-shadow: inset 3px 0 }".match(PHYSICAL)).toHaveLength(5);
});
