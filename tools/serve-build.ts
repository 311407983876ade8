import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** All that the built app is made of, beside the dependencies that package-lock.json stands for. */
const SOURCES = ["src", "public", "tools", "bench", "index.html", "bench.html", "vite.config.ts", "package.json", "package-lock.json", "tsconfig.json"];

async function changed(path: string): Promise<number> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (!found) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  const times = await Promise.all((await readdir(path)).map((name) => changed(join(path, name))));
  // A folder's own time tells of files that were removed.
  return Math.max(found.mtimeMs, ...times);
}

/** Whether the build in `root`/dist is missing or older than a source. */
export async function isStale(root: string): Promise<boolean> {
  const built = await changed(join(root, "dist", "index.html"));
  const sources = await Promise.all(SOURCES.map((name) => changed(join(root, name))));
  return built === 0 || sources.some((time) => time > built);
}

/** Runs `npm run build`. @throws Error when it fails; an AbortError when the signal stopped it. */
export async function build(root: string, signal: AbortSignal): Promise<void> {
  const child = spawn("npm", ["run", "--silent", "build"], { cwd: root, stdio: ["ignore", "inherit", "inherit"], signal, shell: process.platform === "win32" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`the build failed (exit status ${code}); its messages are above`);
}
