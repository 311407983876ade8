import { spawn } from "node:child_process";
import { once } from "node:events";
import { createSocket, type Socket } from "node:dgram";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatJoinLink } from "../src/app/join-link.ts";
import { until } from "../tools/swarm/tabs.ts";
import { watchConnections } from "./hooks.ts";
import { needsProgram } from "./needs.ts";
import { joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

const USER = { username: "device", credential: "only on loopback" };
const query = (index: number): Record<string, string> => ({ share: `${index}/2`, seed: String(index), steps: "4" });

/** The part of a join link that names this TURN server and asks for nothing but relayed links. */
const relayedBy = (port: number): string =>
  formatJoinLink({ server: "ws://localhost/signal", iceServers: [{ urls: `turn:127.0.0.1:${port}?transport=udp`, ...USER }], relayOnly: true }, { protocol: "http:", host: "localhost" }).slice(1);

async function udpSocket(): Promise<Socket> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/** A binding request (RFC 8489, 5): method 1, no attributes, the magic cookie, and a transaction's id. */
const BINDING = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), Buffer.from("hromada-test")]);

/** Asks until the server at this port answers. */
async function waitForStun(port: number): Promise<void> {
  const socket = await udpSocket();
  let answered = false;
  socket.on("message", (bytes) => void (answered ||= bytes.subarray(8, 20).equals(BINDING.subarray(8))));
  // Before it listens the port refuses, which is no failure.
  socket.on("error", () => undefined);
  try {
    await expect.poll(() => (socket.send(BINDING, port, "127.0.0.1"), answered), { timeout: PATIENCE, message: "coturn answers" }).toBe(true);
  } finally {
    socket.close();
  }
}

/** coturn on loopback, with one user. */
async function startTurn(turnserver: string): Promise<{ port: number; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "hromada-turn-"));
  const free = await udpSocket();
  const { port } = free.address();
  free.close();
  await once(free, "close");
  const { username, credential } = USER;
  const child = spawn(
    turnserver,
    [
      "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers", `--listening-port=${port}`, "--no-cli", "--no-tls", "--no-dtls",
      "--lt-cred-mech", `--user=${username}:${credential}`, "--realm=hromada.test", `--pidfile=${join(folder, "pid")}`, `--userdb=${join(folder, "db")}`, "--no-stdout-log", "--log-file=/dev/null",
    ],
    { stdio: "ignore", cwd: folder },
  );
  const gone = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
    await rm(folder, { recursive: true });
  };
  try {
    await waitForStun(port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

test("with a TURN server and relay=1, tabs tell each other nothing but relayed candidates, link up, and commit a round", async ({ stage, tab }) => {
  const turn = await startTurn(needsProgram("turnserver", "coturn"));
  try {
    const context = await stage.browser.newContext();
    await context.addInitScript(watchConnections);
    const link = `${freshRoom()}&${relayedBy(turn.port)}`;
    const tabs = [await tab({ query: query(0), link, context }), await tab({ query: query(1), link, context })];
    await joinAll(tabs);
    await roundsTogether(tabs, 1);
    for (const { page } of tabs) {
      const seen = await page.evaluate(async () => {
        const all = globalThis.seenConnections!;
        const stats = await Promise.all(all.map(async ({ connection }) => [...(await connection.getStats()).values()] as RTCStats[]));
        const pairs = stats.flat().filter((entry): entry is RTCStats & { localCandidateId: string; state: string } => entry.type === "candidate-pair");
        const used = pairs.filter(({ state }) => state === "succeeded").map(({ localCandidateId }) => localCandidateId);
        const locals = stats.flat().filter((entry): entry is RTCStats & { candidateType: string } => entry.type === "local-candidate" && used.includes(entry.id));
        return { policies: all.map(({ configuration }) => configuration?.iceTransportPolicy), candidates: all.flatMap(({ candidates }) => candidates), used: locals.map(({ candidateType }) => candidateType) };
      });
      expect(new Set(seen.policies)).toEqual(new Set(["relay"]));
      expect(seen.candidates.length).toBeGreaterThan(0);
      for (const candidate of seen.candidates) expect(candidate).toMatch(/ typ relay /);
      expect(seen.used.length).toBeGreaterThan(0);
      expect(new Set(seen.used)).toEqual(new Set(["relay"]));
    }
    // Without relay=1 the same watch sees this machine's own address.
    const direct = await stage.browser.newContext();
    await direct.addInitScript(watchConnections);
    const open = freshRoom();
    const others = [await tab({ query: query(0), link: open, context: direct }), await tab({ query: query(1), link: open, context: direct })];
    await joinAll(others);
    await until(others[0]!, ({ peers }) => peers.some(({ reach }) => reach === "linked"), PATIENCE);
    expect(await others[0]!.page.evaluate(() => globalThis.seenConnections!.flatMap(({ candidates }) => candidates))).toContainEqual(expect.stringContaining(" typ host"));
  } finally {
    await turn.stop();
  }
});

test("relay=1 without a TURN server: no connection is made, and the page says that a TURN server is missing", async ({ stage }) => {
  const context = await stage.browser.newContext();
  await context.addInitScript(watchConnections);
  const page = await context.newPage();
  await page.goto(`${stage.server.url}?share=0/2#${freshRoom()}&relay=1`);
  const problem = page.getByRole("alert");
  await expect(problem).toHaveAttribute("data-problem", "bad-link", { timeout: PATIENCE });
  await problem.getByText("Technical detail").click();
  await expect(problem.locator("pre")).toContainText("no TURN server is named");
  await expect(page.getByRole("button", { name: /^Join/ })).toHaveAttribute("aria-disabled", "true");
  expect(await page.evaluate(() => globalThis.seenConnections!.length)).toBe(0);
  await context.close();
});

test("relay=1 with a TURN server that does not answer: no candidate leaves the tabs, and each trains for itself", async ({ stage, tab }) => {
  const silent = await udpSocket();
  try {
    const context = await stage.browser.newContext();
    await context.addInitScript(watchConnections);
    const link = `${freshRoom()}&${relayedBy(silent.address().port)}`;
    const tabs = [await tab({ query: query(0), link, context }), await tab({ query: query(1), link, context })];
    await joinAll(tabs);
    for (const each of tabs) {
      const { peers, view } = await until(each, ({ rounds }) => rounds.length > 0, PATIENCE);
      expect(peers.map(({ reach }) => reach)).toEqual(["dialling"]);
      expect(view).toHaveLength(1);
      await expect(each.page.locator("[data-status]")).toContainText("Nobody else is here yet");
      expect(await each.page.evaluate(() => globalThis.seenConnections!.flatMap(({ candidates }) => candidates))).toEqual([]);
    }
    const made = await Promise.all(tabs.map(({ page }) => page.evaluate(() => globalThis.seenConnections!.length)));
    expect(Math.max(...made), "a connection was tried").toBeGreaterThan(0);
    await context.close();
  } finally {
    silent.close();
  }
});
