/** One text for each plural form that a language's integers and fractions take (Unicode CLDR); `other` always. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** Made when first needed and once a language: each takes a few milliseconds, which a page that opens does not have. */
function kept<T>(make: (language: string) => T): (language: string) => T {
  const made = new Map<string, T>();
  return (language) => made.get(language) ?? made.set(language, make(language)).get(language)!;
}
const rulesOf = kept((language) => new Intl.PluralRules(language));
const styleOf = kept((language) => new Intl.NumberFormat(language));

/** A number as the language writes it. */
export const numbers =
  (language: string): ((value: number) => string) =>
  (value) =>
    styleOf(language).format(value);

/** `counted(3, { one: "round", other: "rounds" })` is “3 rounds”, with the number written as the language writes it. */
export const plurals =
  (language: string): ((count: number, forms: Forms) => string) =>
  (count, forms) =>
    `${styleOf(language).format(count)} ${forms[rulesOf(language).select(count)] ?? forms.other}`;
