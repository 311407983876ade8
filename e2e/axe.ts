import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/**
 * axe, which runs in the page alone. Our pages have no frames; where there may be some, it puts what it found in each
 * together in another page that it opens, which takes as long again.
 */
export const axe = (page: Page): AxeBuilder => new AxeBuilder({ page }).setLegacyMode(true);
