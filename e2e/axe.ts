import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/**
 * axe, which runs in the page alone. Our pages have no frames; where there may be some, it puts what it found in each
 * together in another page that it opens, which takes as long again. Of what it finds to be right it describes one element
 * a rule: to describe them all takes a third of its time.
 */
export const axe = (page: Page): AxeBuilder => new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ["violations"] });
