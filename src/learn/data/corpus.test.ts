import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { buildTexts } from "../../../tools/texts.ts";
import { codeOf } from "../../workers/bridge.ts";
import { MAX_PACK_BYTES } from "../limits.ts";
import { readPackFile } from "../testing/node.ts";
import { loadIndex, loadTestText, loadTextShare, readText, type TextIndex } from "./corpus.ts";
import { join, type LoadPack } from "./load.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const rejected = (promise: Promise<unknown>) => promise.then(() => null, codeOf);

/** A folder of texts as `tools/texts.ts` writes it, with a list of what was fetched. */
function folderOf(groups: Record<string, string[]>): { loadPack: LoadPack; fetched: string[]; files: Record<string, Uint8Array> } {
  const files: Record<string, Uint8Array> = {};
  const parts: TextIndex["parts"] = [];
  for (const [group, texts] of Object.entries(groups)) {
    for (const text of texts) {
      const file = `train-${parts.length}.txt.gz`;
      files[`own/${file}`] = gzipSync(bytesOf(text));
      parts.push({ file, group, set: "train", bytes: bytesOf(text).length });
    }
  }
  files["own/test.txt.gz"] = gzipSync(bytesOf("held out"));
  parts.push({ file: "test.txt.gz", group: "all", set: "test", bytes: 8 });
  files["own/index.json"] = bytesOf(JSON.stringify({ v: 1, parts }));
  const fetched: string[] = [];
  return {
    files,
    fetched,
    async loadPack(path) {
      fetched.push(path);
      if (!(path in files)) throw new TypeError("not there");
      return files[path]!;
    },
  };
}

describe("a text's shares", () => {
  it("of one book are stretches, one after another, that together are all of it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 7 }), async (texts, shares) => {
        const { loadPack } = folderOf({ book: texts });
        const own = await Promise.all(Array.from({ length: shares }, (_, share) => loadTextShare(loadPack, "own", { share, shares })));
        expect(textOf(join(own))).toBe(texts.join(""));
      }),
    );
  });

  it("of many speakers are theirs alone, and only their parts are fetched", async () => {
    const groups = { a: ["aa", "AA"], b: ["bbb"], c: ["c", "C"], d: ["d"], e: ["e"] };
    const { loadPack, fetched } = folderOf(groups);
    expect(textOf(await loadTextShare(loadPack, "own", { share: 1, shares: 3 }))).toBe("bbbe");
    expect(fetched).toHaveLength(3);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 17 }), async (shares) => {
        const own = await Promise.all(Array.from({ length: shares }, (_, share) => loadTextShare(folderOf(groups).loadPack, "own", { share, shares })));
        expect([...own.map(textOf).join("")].sort()).toEqual([...Object.values(groups).flat().join("")].sort());
      }),
    );
  });

  it("that cannot be had, or are not what the index says, give a typed error", async () => {
    const { loadPack, files } = folderOf({ book: ["text"] });
    const load = () => loadTextShare(loadPack, "own", { share: 0, shares: 1 });
    expect(textOf(await loadTestText(loadPack, "own"))).toBe("held out");
    files["own/train-0.txt.gz"] = gzipSync(bytesOf("other text"));
    expect(await rejected(load())).toBe("malformed");
    delete files["own/train-0.txt.gz"];
    expect(await rejected(load())).toBe("unavailable");
    files["own/index.json"] = bytesOf('{"v":1,"parts":[{"file":"../x","group":"a","set":"train","bytes":1}]}');
    expect(await rejected(load())).toBe("malformed");
    files["own/index.json"] = Uint8Array.of(0xff);
    expect(await rejected(loadIndex(loadPack, "own"))).toBe("malformed");
  });
});

describe("a person's own text", () => {
  it("is streamed and joined, and has to be UTF-8", async () => {
    expect(textOf(await readText([new Blob(["Кит ", "і море"]), new Blob(["."])]))).toBe("Кит і море.");
    expect(await rejected(readText([new Blob([Uint8Array.of(0xd0)])]))).toBe("malformed");
    expect(await rejected(readText([new Blob([Uint8Array.of(0xff, 0x41)])]))).toBe("malformed");
  });
});

describe("the texts that ship", () => {
  beforeAll(() => buildTexts(), 60_000);

  it("are there with their origin, in packs of at most 300 kB", async () => {
    for (const [folder, groups] of [["moby-dick", 1], ["addresses", 43], ["udhr", 18]] as const) {
      const { parts } = await loadIndex(readPackFile, folder);
      expect(new Set(parts.map(({ group }) => group)).size).toBe(groups);
      for (const { file } of parts) expect((await readPackFile(`${folder}/${file}`)).length).toBeLessThanOrEqual(MAX_PACK_BYTES);
      const { provenance } = JSON.parse(textOf(await readPackFile(`${folder}/index.json`))) as { provenance: { terms: string; via: string } };
      expect(provenance.via).toContain("npm package");
    }
    expect(await buildTexts()).toEqual([]);
  });

  it("begin and end as they were written", async () => {
    const book = textOf(await loadTextShare(readPackFile, "moby-dick", { share: 0, shares: 1 }));
    expect(book).toContain("Call me Ishmael. Some years ago");
    expect(textOf(await loadTestText(readPackFile, "moby-dick")).trim().endsWith("only found another orphan.")).toBe(true);
    expect(textOf(await loadTextShare(readPackFile, "addresses", { share: 0, shares: 43 }))).toContain("Fellow-Citizens of the Senate and House of Representatives");
  });
});
