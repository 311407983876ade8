import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

const SOURCES = "src/wasm/assembly";
const BUILT = "src/wasm/build";

const COMMON = ["--runtime", "stub", "-O3", "--noAssert", "--importMemory", "--enable", "simd"];

/** Over memory that several workers share; the maximum is that of `MAX_MEMORY_PAGES` in `src/coding/limits.ts`. */
const SHARED = ["--enable", "threads", "--sharedMemory", "--maximumMemory", "8192"];

/** Every kernel of `src/wasm`: its entry file in `assembly`, and what it is compiled with beyond `COMMON`. */
const KERNELS: readonly { name: string; source: string; flags?: readonly string[] }[] = [
  // One source twice: Safari has no relaxed SIMD yet. Both take the memory that tfjs has made, whatever its size.
  { name: "learn", source: "learn.ts" },
  { name: "learn-relaxed", source: "learn.ts", flags: ["--enable", "relaxed-simd"] },
  { name: "learn-adamw", source: "learn-adamw.ts" },
  { name: "ring", source: "ring.ts", flags: ["--zeroFilledMemory"] },
  { name: "shamir", source: "shamir.ts", flags: ["--zeroFilledMemory"] },
  { name: "coding", source: "coding.ts" },
  { name: "coding-relaxed", source: "coding.ts", flags: ["--enable", "relaxed-simd"] },
  { name: "coding-shared", source: "coding.ts", flags: [...SHARED] },
  { name: "coding-shared-relaxed", source: "coding.ts", flags: ["--enable", "relaxed-simd", ...SHARED] },
];

/**
 * Compiles the kernels that are older than any source, each to a TypeScript file that holds it as base64: so
 * a tab, a worker, Node and the simulator load them alike, without a request.
 */
export async function buildWasm(root = process.cwd()): Promise<void> {
  const sources = await Promise.all((await readdir(join(root, SOURCES), { recursive: true })).map(async (file) => (await stat(join(root, SOURCES, file))).mtimeMs));
  const newest = Math.max(0, ...sources, (await stat(join(root, "tools/wasm.ts"))).mtimeMs);
  await mkdir(join(root, BUILT), { recursive: true });
  for (const { name, source, flags = [] } of KERNELS) {
    const to = join(root, BUILT, `${name}.ts`);
    const made = await stat(to).then(({ mtimeMs }) => mtimeMs, () => 0);
    if (made <= newest) await writeFile(to, await compile(root, source, flags));
  }
}

async function compile(root: string, source: string, flags: readonly string[]): Promise<string> {
  // Seconds of reading, which who has nothing to compile is spared.
  const { default: asc } = await import("assemblyscript/asc");
  let binary: Uint8Array | null = null;
  const { error, stderr } = await asc.main([join(SOURCES, source), ...COMMON, ...flags, "--baseDir", root, "--outFile", "kernel.wasm"], {
    readFile: (name: string, base: string) => readFile(join(base, name), "utf8").catch(() => null),
    writeFile: (_name: string, contents: string | Uint8Array) => void (typeof contents === "string" || (binary = contents)),
    listFiles: () => [],
  });
  if (error || binary === null) throw new Error(`${source} does not compile:\n${stderr.toString()}`, { cause: error });
  return `export default "${Buffer.from(binary).toString("base64")}";\n`;
}

if (process.argv[1]?.endsWith("tools/wasm.ts")) await buildWasm();
