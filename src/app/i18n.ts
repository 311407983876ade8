import { computed, effect, signal } from "@preact/signals";
import type { TextStore } from "./local-store.ts";
import { en, type Messages } from "./messages/en.ts";
import { page } from "./router.ts";

export const LANGUAGES = ["en", "uk"] as const;
type Language = (typeof LANGUAGES)[number];

/** English is here at once; another language comes when it is wanted. */
const here: Partial<Record<Language, Messages>> = { en };

export const language = signal<Language>("en");
/** The page's texts in the person's language. */
export const messages = computed(() => here[language.value] ?? en);

const isLanguage = (text: string): text is Language => (LANGUAGES as readonly string[]).includes(text);

/** Shows the page in another language, once its texts are here; where they cannot be had the page stays as it is. */
export async function setLanguage(wanted: Language): Promise<void> {
  try {
    if (wanted === "uk") here.uk ??= (await import("./messages/uk.ts")).uk;
    language.value = wanted;
  } catch (cause) {
    console.warn("the texts of this language could not be loaded:", cause);
  }
}

/** The kept choice, else the first of the browser's languages that the page speaks, else English. */
export async function startLanguage(store: TextStore, wanted: readonly string[], root: HTMLElement): Promise<void> {
  const candidates = [store.read("language") ?? "", ...wanted.map((tag) => tag.split("-")[0] ?? "")];
  await setLanguage(candidates.find(isLanguage) ?? "en");
  effect(() => {
    root.lang = language.value;
    const { title, pageTitle, nav } = messages.value;
    root.ownerDocument.title = page.value === "contribute" ? title : pageTitle(nav[page.value]);
  });
}

/** Numbers as the language writes them. */
export const format = computed(() => {
  const tag = language.value;
  const of = (options: Intl.NumberFormatOptions) => {
    let style: Intl.NumberFormat | undefined; // made when first needed
    return (value: number) => (style ??= new Intl.NumberFormat(tag, options)).format(value);
  };
  const units = (["byte", "kilobyte", "megabyte", "gigabyte"] as const).map((unit) =>
    // In short a byte has no plural in English.
    of({ style: "unit", unit, ...(unit === "byte" ? { unitDisplay: "long", maximumFractionDigits: 0 } : { unitDisplay: "short", maximumFractionDigits: 1 }) }),
  );
  const minutes = of({ style: "unit", unit: "minute", unitDisplay: "short", maximumFractionDigits: 0 });
  const seconds = of({ style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: 0 });
  return {
    whole: of({ maximumFractionDigits: 0 }),
    /** To three digits, however large. */
    rounded: of({ maximumSignificantDigits: 3 }),
    one: of({ minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    loss: of({ minimumFractionDigits: 3, maximumFractionDigits: 3 }),
    percent: of({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    roughPercent: of({ style: "percent", maximumFractionDigits: 0 }),
    milliseconds: of({ style: "unit", unit: "millisecond", unitDisplay: "short", maximumFractionDigits: 1 }),
    bytes(value: number): string {
      const power = value < 1_000 ? 0 : Math.min(3, Math.floor(Math.log10(value) / 3));
      return (units[power] ?? units[0])?.(value / 1_000 ** power) ?? String(value);
    },
    /** How long, to the second below two minutes and to the minute above. */
    duration: (ms: number) => (ms < 120_000 ? seconds(Math.max(1, Math.ceil(ms / 1_000))) : minutes(Math.round(ms / 60_000))),
  };
});
