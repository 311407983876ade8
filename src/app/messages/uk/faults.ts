import type { Faults } from "../en/faults.ts";
import { plurals } from "../plural.ts";

const counted = plurals("uk");
const { format } = new Intl.NumberFormat("uk");
const bytes = (count: number) => counted(count, { one: "байт", few: "байти", many: "байтів", other: "байта" });
/** After “понад” and “не більше ніж”. */
const pictures = (count: number) => counted(count, { one: "зображення", few: "зображення", many: "зображень", other: "зображення" });
const rows = (count: number) => counted(count, { one: "рядок", few: "рядки", many: "рядків", other: "рядка" });

export const faults: Faults = {
  "long-field": ({ most }) => `довше за ${counted(most, { one: "знак", few: "знаки", many: "знаків", other: "знака" })}`,
  "many-columns": ({ most }) => `має понад ${counted(most, { one: "стовпець", few: "стовпці", many: "стовпців", other: "стовпця" })}`,
  "after-quote": "має текст після закритих лапок",
  "stray-quote": "має лапки посеред поля",
  "open-quote": "має незакриті лапки",
  fields: ({ found, named }) => `має ${counted(found, { one: "поле", few: "поля", many: "полів", other: "поля" })}, а названо ${counted(named, { one: "стовпець", few: "стовпці", many: "стовпців", other: "стовпця" })}`,
  "empty-field": ({ column }) => `поле «${column}» порожнє`,
  "bad-value": ({ column, value }) => `у полі «${column}» не може бути «${value}»`,
  "unknown-label": ({ value }) => `у завданні немає мітки «${value}»`,
  "no-text": "не має тексту",
  "not-text": "не є текстом у UTF-8 або порожній",
  "no-label": ({ file }) => `${file}: без мітки`,
  "not-its-label": ({ file, value }) => `${file}: у завданні немає мітки «${value}»`,
  "large-picture": ({ bytes: found, most }) => `має ${bytes(found)}; розкодовуємо щонайбільше ${format(most)}`,
  "no-picture": "не вдається розкодувати як зображення",

  "empty-file": "Файл порожній; його перший рядок має називати стовпці.",
  "names-line": ({ column }) => `Перший рядок, що називає стовпці, не вдається прочитати у стовпці ${column}.`,
  "no-column": ({ columns }) => `У таблиці немає стовпця ${String(columns)}; її перший рядок має називати стовпці.`,
  "many-rows": ({ most }) => `Понад ${rows(most)} — забагато; візьміть частину файлу.`,
  "many-tables": ({ tables }) => `Дано ${counted(tables, { one: "таблицю", few: "таблиці", many: "таблиць", other: "таблиці" })}, а в наборі вона рівно одна.`,
  "long-text": ({ most }) => `Текст довший за ${bytes(most)}; візьміть його частину.`,
  "short-text": ({ bytes: found, least }) => `У тексті ${bytes(found)}, а завданню потрібно щонайменше ${format(least)}; дайте більше тексту.`,
  "not-utf8": "Файл не є текстом у UTF-8; спершу збережіть його в UTF-8.",
  "not-idx": "Це не файл IDX із байтами; візьміть розпакований файл таким, як його опубліковано.",
  "idx-pair": "Дайте файл IDX із зображеннями й файл IDX із мітками або зображення, кожне з міткою.",
  "idx-size": ({ found, wanted }) => `Зображення мають розмір ${found}, а завдання приймає ${wanted}.`,
  "idx-labels": "У другому файлі немає мітки для кожного зображення з першого.",
  "labels-range": ({ most }) => `Мітки завдання — від 0 до ${most}, а тут є інші.`,
  "many-pictures": ({ most }) => `Навчати можна щонайбільше на такій кількості: ${pictures(most)}; приберіть зайві.`,
  "large-file": ({ most }) => `У файлі понад ${bytes(most)}; візьміть менший.`,
  "no-decoder": "Тут не вдається розкодувати зображення; дайте файли IDX.",
  "no-sample": "Не лишилося жодного зразка для навчання; виберіть інші мітки або дайте більше даних.",
  "own-only": "Завдання не має власних даних; додайте свої на сторінці «Дані».",
  "no-drawings": "Це завдання не вчиться на малюнках; виберіть інші дані.",
  "other-kind": "Ці дані іншого роду, ніж потрібно завданню; дайте інші або виберіть інше завдання.",
  unlabelled: ({ pictures: count }) => `Без мітки цього завдання: ${pictures(count)}. Дайте їм мітки на сторінці «Дані» або погодьтеся там їх пропустити.`,
  "bad-archive": "Архів не вдається розпакувати: він пошкоджений, зашифрований або завеликий.",
  "no-usable": "Жоден із цих файлів не підходить: потрібні таблиці (CSV), зображення, тексти або файли IDX, можна в архіві ZIP.",
  "many-files": ({ most }) => `У наборі може бути щонайбільше ${counted(most, { one: "файл", few: "файли", many: "файлів", other: "файлу" })}.`,
  "many-sets": ({ most }) => `Тут уже є ${counted(most, { one: "набір", few: "набори", many: "наборів", other: "набору" })} даних; спершу забудьте якийсь.`,
  "large-set": ({ most }) => `Понад ${bytes(most)} не зберігаємо; використайте ці дані лише на цей візит.`,
  "no-room": "У браузері бракує місця для цих даних; використайте їх лише на цей візит або звільніть місце.",
  gone: "Цих даних на цьому пристрої вже немає; дайте їх знову.",
};
