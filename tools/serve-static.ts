import { open, realpath, type FileHandle } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".txt": "text/plain; charset=utf-8",
};

const ENCODINGS = [["br", ".br"], ["gzip", ".gz"]] as const;
/** Vite puts a hash of the content into these names, so what they hold never changes. */
const IMMUTABLE = /^\/assets\/.+-[\w-]{8,}\.\w+$/;

/** The path inside the folder, or null if it could lead anywhere else (or to a hidden file). */
export function safePath(url: string): string | null {
  let path: string;
  try {
    path = decodeURIComponent(url.split(/[?#]/, 1)[0] ?? "");
  } catch {
    return null; // a broken % sequence names no file
  }
  if (!path.startsWith("/") || /[\\\0]/.test(path)) return null;
  const parts = path.split("/").slice(1);
  if (parts.some((part, index) => part.startsWith(".") || (part === "" && index < parts.length - 1))) return null;
  return path.endsWith("/") ? `${path}index.html` : path;
}

/** Answers from the files of `dist`, as they are at each request. */
export async function serveStatic(dist: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { Allow: "GET, HEAD", "Content-Type": TYPES[".txt"] }).end("Only GET and HEAD are served here.\n");
    return;
  }
  const path = safePath(request.url ?? "/");
  const accepted = String(request.headers["accept-encoding"] ?? "");
  const found = path === null ? null : await find(dist, path, accepted);
  if (!found || path === null) {
    response.writeHead(404, { "Content-Type": TYPES[".txt"], "Cache-Control": "no-cache" }).end("There is no such page.\n");
    return;
  }
  try {
    const { size, mtimeMs } = await found.file.stat();
    const etag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}${found.encoding ?? ""}"`;
    response.setHeader("ETag", etag);
    response.setHeader("Cache-Control", IMMUTABLE.test(path) ? "public, max-age=31536000, immutable" : "no-cache");
    response.setHeader("Vary", "Accept-Encoding");
    if (String(request.headers["if-none-match"] ?? "").split(/,\s*/).includes(etag)) {
      response.writeHead(304).end();
      return;
    }
    if (found.encoding) response.setHeader("Content-Encoding", found.encoding);
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream", "Content-Length": size });
    if (request.method === "HEAD" || size === 0) response.end();
    else await pipeline(found.file.createReadStream({ autoClose: false, end: size - 1 }), response);
  } finally {
    await found.file.close();
  }
}

async function find(dist: string, path: string, accepted: string): Promise<{ file: FileHandle; encoding: string | null } | null> {
  for (const [encoding, ending] of ENCODINGS) {
    if (!new RegExp(`\\b${encoding}\\b(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$))`).test(accepted)) continue;
    const file = await openInside(dist, path + ending);
    if (file) return { file, encoding };
  }
  const file = await openInside(dist, path);
  return file && { file, encoding: null };
}

/** A link inside the folder may not lead out of it either. */
async function openInside(dist: string, path: string): Promise<FileHandle | null> {
  try {
    const root = await realpath(dist);
    const real = await realpath(join(root, path));
    if (!real.startsWith(root + sep)) return null;
    const file = await open(real, "r");
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG" || code === "ELOOP" || code === "EACCES") return null;
    throw error;
  }
}
