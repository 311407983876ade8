import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isStale } from "./serve-build.ts";

const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "hromada-start-"));
  await mkdir(join(root, "dist"));
  await writeFile(join(root, "dist", "index.html"), "app");
});
afterAll(() => rm(root, { recursive: true }));

function start(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, ["--import", TSX, join(import.meta.dirname, "start.ts"), ...args], { cwd: root, env: { ...process.env, HOST: "127.0.0.1", ...env } });
  let out = "";
  const heard = (chunk: Buffer): void => void (out += String(chunk));
  child.stdout.on("data", heard);
  child.stderr.on("data", heard);
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, out }));
  const says = async (text: string): Promise<void> => {
    while (!out.includes(text) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(out).toContain(text);
  };
  return { child, ended, says, said: () => out };
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

test.each(["SIGINT", "SIGTERM"] as const)("%s stops it cleanly, even when it comes twice", async (signal) => {
  const PORT = await freePort();
  const run = start([], { PORT });
  await run.says("Stop with Ctrl-C.");
  expect(run.said()).toContain(`http://localhost:${PORT}/`);
  // No QR code, and no certificate, without --https.
  expect(run.said()).not.toMatch(/[▀▄█]|https:/);
  expect(await (await fetch(`http://127.0.0.1:${PORT}/`)).text()).toBe("app");
  run.child.kill(signal);
  run.child.kill(signal);
  expect((await run.ended).code).toBe(0);
}, 30_000);

test("--https prints the fingerprint to compare and serves both protocols", async () => {
  const PORT = await freePort();
  const run = start(["--https"], { PORT });
  await run.says("Stop with Ctrl-C.");
  expect(run.said()).toContain(`https://localhost:${PORT}/`);
  const print = /fingerprint: ([0-9A-F:]{95})/.exec(run.said())?.[1];
  expect(print).toBeDefined();
  expect(await (await fetch(`http://127.0.0.1:${PORT}/`)).text()).toContain(print);
  run.child.kill("SIGTERM");
  expect((await run.ended).code).toBe(0);
}, 30_000);

test("a port in use is named, with what to do", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const { code, out } = await start([], { PORT: String(port) }).ended;
  expect(code).toBe(1);
  expect(out).toBe(`Port ${port} is in use. Stop the program that has it, or choose another port: PORT=${port + 1} npm start\n`);
  taken.close();
}, 30_000);

test.each([[["--htps"], "8080"], [[], "eighty"], [[], "99999"]])("%j with PORT=%s is a wrong usage", async (args, PORT) => {
  const { code, out } = await start(args, { PORT }).ended;
  expect(code).toBe(2);
  expect(out).toContain("Usage: npm start");
}, 30_000);

test("a build is stale when it is missing or older than a source", async () => {
  const project = await mkdtemp(join(tmpdir(), "hromada-stale-"));
  await mkdir(join(project, "src", "deep"), { recursive: true });
  await writeFile(join(project, "src", "deep", "a.ts"), "");
  expect(await isStale(project)).toBe(true);
  await mkdir(join(project, "dist"));
  await writeFile(join(project, "dist", "index.html"), "");
  const later = new Date(Date.now() + 10_000);
  await utimes(join(project, "dist", "index.html"), later, later);
  expect(await isStale(project)).toBe(false);
  const latest = new Date(Date.now() + 20_000);
  await utimes(join(project, "src", "deep", "a.ts"), latest, latest);
  expect(await isStale(project)).toBe(true);
  await rm(project, { recursive: true });
});
