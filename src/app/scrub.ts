/** What an error's text may hold of a person or a place, most telling first. */
const TELLING: [RegExp, string][] = [
  // Quoted: a cell of somebody's table, a file's name.
  [/"[^"\n]*"|“[^”\n]*”|«[^»\n]*»|‘[^’\n]*’|`[^`\n]*`|(?<!\w)'[^'\n]*'(?!\w)/g, "[text]"],
  [/\b[a-z][a-z0-9+.-]*:\/\/\S+|\b(?:blob|data|stuns?|turns?|mailto):\S+/gi, "[address]"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, "[address]"],
  [/(?<![\w:])(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){3})[0-9a-f:]{4,}(?![\w:])/gi, "[address]"],
  [/\S+@\S+/g, "[address]"],
  [/(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?::\d+)?(?![\w.])/gi, "[name]"],
  // Ids, hashes, keys: long, with a digit in them.
  [/(?<![\w-])(?=[\w-]*\d)[\w-]{12,}/g, "[id]"],
];

/** Enough to say what went wrong. */
const LENGTH = 300;

/** An error's text without addresses, names, ids and quotations. */
export function scrub(text: string): string {
  return TELLING.reduce((rest, [pattern, mark]) => rest.replace(pattern, mark), text).slice(0, LENGTH);
}
