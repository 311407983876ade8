/** One text for each plural form that a language's integers and fractions take (Unicode CLDR); `other` always. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** `counted(3, { one: "round", other: "rounds" })` is “3 rounds”, with the number written as the language writes it. */
export function plurals(language: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, forms) => `${numbers.format(count)} ${forms[rules.select(count)] ?? forms.other}`;
}
