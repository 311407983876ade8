import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createSignalClient } from "../src/signal/client.ts";
import { securityHeaders } from "./headers.ts";
import { checkPort, createAppServer, type AppServer } from "./serve.ts";
import { safePath } from "./serve-static.ts";

let folder: string;
let server: AppServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hromada-serve-"));
  const dist = join(folder, "dist");
  await mkdir(join(dist, "assets"), { recursive: true });
  await writeFile(join(folder, "secret.txt"), "secret");
  await symlink(join(folder, "secret.txt"), join(dist, "link.txt"));
  await writeFile(join(dist, "index.html"), "<!doctype html>app");
  await writeFile(join(dist, ".hidden"), "secret");
  await writeFile(join(dist, "sw.js"), "sw");
  await writeFile(join(dist, "empty.txt"), "");
  await writeFile(join(dist, "manifest.webmanifest"), "{}");
  await writeFile(join(dist, "assets", "kernel-Ab12_-9z.wasm"), "wasm");
  await writeFile(join(dist, "assets", "kernel-Ab12_-9z.wasm.br"), "packed");
  await writeFile(join(dist, "assets", "digits.bin"), "bin");
  server = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** By hand: `fetch` would tidy the path. */
async function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<{ status: number | undefined; headers: IncomingMessage["headers"]; body: string }> {
  const asked = request({ host: "127.0.0.1", port: server.port, path, method, headers }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of answer) body += String(chunk);
  return { status: answer.statusCode, headers: answer.headers, body };
}

test.each([
  ["/", "text/html; charset=utf-8", "no-cache", "<!doctype html>app"],
  ["/index.html?x=1", "text/html; charset=utf-8", "no-cache", "<!doctype html>app"],
  ["/sw.js", "text/javascript; charset=utf-8", "no-cache", "sw"],
  ["/empty.txt", "text/plain; charset=utf-8", "no-cache", ""],
  ["/manifest.webmanifest", "application/manifest+json", "no-cache", "{}"],
  ["/assets/kernel-Ab12_-9z.wasm", "application/wasm", "public, max-age=31536000, immutable", "wasm"],
  ["/assets/digits.bin", "application/octet-stream", "no-cache", "bin"],
])("%s is served as %s", async (path, type, cache, body) => {
  const answer = await get(path);
  expect(answer).toMatchObject({ status: 200, body });
  expect(answer.headers).toMatchObject({ "content-type": type, "cache-control": cache, "content-length": String(body.length) });
  expect(await get(path, {}, "HEAD")).toMatchObject({ status: 200, body: "", headers: { "content-length": String(body.length) } });
  expect(await get(path, { "If-None-Match": String(answer.headers.etag) })).toMatchObject({ status: 304, body: "" });
});

test("a packed file goes only to those who take it", async () => {
  const path = "/assets/kernel-Ab12_-9z.wasm";
  const packed = await get(path, { "Accept-Encoding": "gzip, br" });
  expect(packed).toMatchObject({ body: "packed", headers: { "content-encoding": "br", "content-type": "application/wasm", vary: "Accept-Encoding" } });
  expect((await get(path, { "Accept-Encoding": "br;q=0, gzip" })).body).toBe("wasm");
});

test.each([
  "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/assets/..%5c..%5csecret.txt", "//secret.txt", "/link.txt",
  "/.hidden", "/%", "/%00", "/index.html%00.png", "/assets", "/assets/", "/nothing", "/index.html/", `/${"a".repeat(5_000)}`,
])("%s is not found", async (path) => {
  expect(await get(path)).toMatchObject({ status: 404, body: "There is no such page.\n" });
});

test("no path whatever leads out of the folder", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("..", ".", "/", "\\", "%2e", "%2f", "%5c", "a", "%00", "%", "?")).map((parts) => `/${parts.join("")}`), (url) => {
      const path = safePath(url);
      // Nothing was left to tidy, so the name means what it says ("a.." is a file like any other).
      if (path !== null) expect(join("/dist", path)).toBe(`/dist${path}`);
    }),
    { numRuns: 2_000 },
  );
});

test("every answer carries the security headers, whatever it is", async () => {
  for (const [path, method, status] of [["/", "GET", 200], ["/nothing", "GET", 404], ["/health", "GET", 200], ["/", "POST", 405], ["/signal", "GET", 404]] as const) {
    const answer = await get(path, {}, method);
    expect(answer.status).toBe(status);
    for (const [name, value] of Object.entries(securityHeaders(path, { host: `127.0.0.1:${server.port}` }))) expect(answer.headers[name.toLowerCase()]).toBe(value);
  }
  const worker = await get("/assets/digits.js?connect=wss%3A%2F%2Froom.example%3A8443");
  expect(worker.headers["content-security-policy"]).toContain("wss://room.example:8443;");
});

test("signalling and its health are on the same port", async () => {
  const client = createSignalClient({
    url: `ws://127.0.0.1:${server.port}/signal`, topic: new Uint8Array(32), claim: new Uint8Array(48), WebSocket,
    events: { onState: () => {}, onPeers: () => {}, onBlob: () => {} },
  });
  while (client.state !== "open") await new Promise((resolve) => setTimeout(resolve, 5));
  const health: unknown = JSON.parse((await get("/health")).body);
  expect(health).toEqual({ ok: true, rooms: 1, sockets: 1, uptimeSeconds: expect.any(Number) as number, draining: false });
  client.close();
});

test("closing drains the sockets and frees the port, and a port in use is named", async () => {
  const first = await createAppServer({ dist: folder, port: 0, host: "127.0.0.1" });
  const socket = new WebSocket(`ws://127.0.0.1:${first.port}/signal`);
  await once(socket, "open");
  const message = `Port ${first.port} is in use. Stop the program that has it, or choose another port: PORT=${first.port + 1} npm start`;
  await expect(createAppServer({ dist: folder, port: first.port, host: "127.0.0.1" })).rejects.toThrow(message);
  await expect(checkPort(first.port, "127.0.0.1")).rejects.toThrow(message);
  const closed = once(socket, "close");
  await first.close();
  expect((await closed)[0]).toBe(1012);
  await checkPort(first.port, "127.0.0.1");
});
