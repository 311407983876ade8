/** Counted words that several pages use, in all their plural forms. */
export const drawings = { one: "малюнок", few: "малюнки", many: "малюнків", other: "малюнка" };
export const devices = { one: "пристрій", few: "пристрої", many: "пристроїв", other: "пристрою" };
