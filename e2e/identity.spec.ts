import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import type { Room } from "../src/device/api.ts";
import { roomCredential } from "../src/device/credential.ts";
import { BLOB_BYTES, createGuard } from "../src/device/guard.ts";
import { roomKeys, systemRandom } from "../src/device/room.ts";
import { unsigncrypt } from "../src/identity/signcrypt.ts";
import { digitsTask } from "../src/learn/tasks/digits.ts";
import { inviteCodec } from "../src/mesh/invite.ts";
import { SIGNAL_PATH, peerIdOfClaim, type ToServer } from "../src/signal/protocol.ts";
import { taskHash } from "../src/swarm/record.ts";
import { createAppServer } from "../tools/serve.ts";
import { ROOT, until } from "../tools/swarm/tabs.ts";
import type {} from "./harness/impostor.ts";
import { watchConnections } from "./hooks.ts";
import { currentRound, joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { openSignalProxy } from "./signal-proxy.ts";
import { expect, freshRoom, test } from "./stage.ts";

const STEPS = 4;
const query = (index: number, of: number): Record<string, string> => ({ share: `${index}/${of}`, seed: String(index), steps: String(STEPS) });
const hash = (epochRounds?: number): string =>
  taskHash({ ...digitsTask, inner: { ...digitsTask.inner, localSteps: STEPS }, ...(epochRounds === undefined ? {} : { epochRounds }) });
const secretIn = (link: string): string => new URLSearchParams(link).get("room")!;
const place = (link: string, server: string): Room => ({ secret: secretIn(link), server, iceServers: [], relayOnly: false });
const ownSignal = (url: string): string => new URL(SIGNAL_PATH, url.replace(/^http/, "ws")).href;

test("of three epochs the signalling server sees topics and blobs of one size, and nothing that one epoch has of another", async ({ stage, tab }) => {
  const EPOCH = 2;
  const proxy = await openSignalProxy(ownSignal(stage.server.url));
  try {
    const link = `${freshRoom()}&server=${encodeURIComponent(proxy.url)}`;
    const context = await stage.browser.newContext();
    await context.addInitScript(watchConnections);
    const tabs = await Promise.all([0, 1].map((index) => tab({ query: { ...query(index, 2), epoch: String(EPOCH) }, link, context })));
    await joinAll(tabs);
    for (const each of tabs) await until(each, ({ round }) => round > 3 * EPOCH + 1, PATIENCE);

    const room = roomKeys(place(link, proxy.url), hash(EPOCH));
    const names = new Map<string, Set<string>>();
    for (const sent of proxy.sockets) {
      const [first, ...rest] = sent;
      // Opened a moment ago: it has shown the server nothing yet.
      if (first === undefined) continue;
      if (first.kind !== "join") throw new Error("a socket that did not join first");
      expect(first.topic).toHaveLength(32);
      const topic = Buffer.from(first.topic).toString("hex");
      const claim = Buffer.from(first.claim).toString("hex");
      const seen = names.get(topic) ?? new Set<string>();
      // A claim's halves, the name that it opens, and every blob: each is of this topic and of no other.
      for (const name of [claim.slice(0, 64), claim.slice(64), peerIdOfClaim(first.claim)]) seen.add(name);
      for (const message of rest) {
        if (message.kind !== "send") continue;
        expect(message.blob).toHaveLength(BLOB_BYTES);
        const text = Buffer.from(message.blob).toString("latin1");
        // Long enough not to be there by chance.
        for (const word of ["fingerprint", "ufrag", "candidate", "m=application"]) expect(text).not.toContain(word);
        seen.add(Buffer.from(message.blob).toString("hex").slice(4, 68));
      }
      names.set(topic, seen);
    }
    const epochs = [0, 1, 2, 3].map((epoch) => names.get(Buffer.from(room.topic(epoch)).toString("hex")));
    for (const [epoch, seen] of epochs.entries()) expect(seen?.size, `names in epoch ${epoch}`).toBeGreaterThan(5);
    const all = [...names.values()].flatMap((seen) => [...seen]);
    expect(new Set(all).size, "no name under two topics").toBe(all.length);

    // What the server cannot read is new in every epoch too: certificates and ICE credentials.
    const descriptions = await Promise.all(tabs.map(({ page }) => page.evaluate(() => globalThis.seenConnections!.map(({ connection }) => connection.localDescription?.sdp ?? ""))));
    const secrets = descriptions.flat().filter((sdp) => sdp !== "").map((sdp) => [/a=fingerprint:(.*)/.exec(sdp)![1], /a=ice-ufrag:(.*)/.exec(sdp)![1]]);
    expect(secrets.length).toBeGreaterThanOrEqual(2 * 3);
    for (const column of [0, 1]) expect(new Set(secrets.map((row) => row[column])).size).toBe(secrets.length);
  } finally {
    await proxy.close();
  }
});

test("a signalling server that swaps certificates between two tabs is found out and named, even if it holds the room's secret", async ({ stage, tab }) => {
  const link = freshRoom();
  const room = roomKeys(place(link, ""), hash());
  const mine = roomCredential(room, 0, systemRandom);
  const guard = createGuard(room, mine, [room.issuer.P], systemRandom);
  let swapped = 0;
  const swap = (message: ToServer): ToServer => {
    if (message.kind !== "send") return message;
    let invite;
    try {
      // As everybody in the room can.
      const { message: opened } = unsigncrypt({ self: room.key, bytes: message.blob, aad: guard.aad("room"), P: room.issuer.P, accept: guard.accept, random: systemRandom });
      invite = inviteCodec.decode(opened.subarray(16));
    } catch {
      return message; // what is said at the door is no invitation
    }
    if (!("sdp" in invite)) return message;
    swapped++;
    const sdp = invite.sdp.replace(/(a=fingerprint:sha-256 )(..)/, (_, name: string, byte: string) => name + (byte === "00" ? "01" : "00"));
    const to = Buffer.from(message.to).toString("hex") as Parameters<typeof guard.sealBlob>[0];
    return { ...message, blob: guard.sealBlob(to, inviteCodec.encode({ ...invite, sdp })) };
  };
  const proxy = await openSignalProxy(ownSignal(stage.server.url), swap);
  try {
    const tabs = await Promise.all([0, 1].map((index) => tab({ query: query(index, 2), link: `${link}&server=${encodeURIComponent(proxy.url)}` })));
    await joinAll(tabs);
    const caller = (await Promise.all(tabs.map((each) => each.snapshot()))).map(({ self }) => self!).sort()[0]!;
    // The offer reaches nobody as it was made, so there is no answer to be swapped.
    const called = (await Promise.all(tabs.map(async (each) => ((await each.snapshot()).self === caller ? [] : [each])))).flat()[0]!;
    const { error, refusals } = await until(called, (snapshot) => snapshot.error !== null, PATIENCE);
    expect(error).toEqual({ code: "tampered", detail: expect.stringContaining(caller) });
    expect(refusals.forged).toBeGreaterThan(0);
    await expect(called.page.locator("[data-problem=tampered]")).toContainText("room server");
    expect(swapped).toBeGreaterThan(0);
    for (const each of tabs) expect((await each.snapshot()).peers.filter(({ reach }) => reach !== "dialling")).toEqual([]);
  } finally {
    await proxy.close();
  }
});

test("a device with a forged certificate is kept out while the round goes on", async ({ stage, tab }) => {
  const dist = await mkdtemp(join(tmpdir(), "hromada-impostor-"));
  await build({ configFile: false, root: join(ROOT, "e2e/harness"), logLevel: "error", build: { outDir: dist, target: "es2022", assetsInlineLimit: 0, rollupOptions: { input: join(ROOT, "e2e/harness/impostor.html") } } });
  const harness = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
  const context = await stage.browser.newContext();
  try {
    const link = `${freshRoom()}&server=${encodeURIComponent(ownSignal(harness.url))}`;
    const tabs = await Promise.all([0, 1].map((index) => tab({ query: query(index, 2), link })));
    await joinAll(tabs);
    await roundsTogether(tabs, 1);
    const page = await context.newPage();
    await page.goto(new URL("impostor.html", harness.url).href);
    await page.waitForFunction(() => globalThis.intrude !== undefined, undefined, { timeout: PATIENCE });
    const impostor = await page.evaluateHandle(([room, task]) => globalThis.intrude!(room, task, 0), [place(link, ownSignal(harness.url)), hash()] as const);
    const self = await impostor.evaluate(({ self: name }) => name);
    for (const each of tabs) await until(each, ({ peers, refusals }) => peers.some(({ id }) => id === self) && refusals.forged > 0, PATIENCE);
    await roundsTogether(tabs, 2, { from: 1 + Math.max(...(await Promise.all(tabs.map(currentRound)))) });
    for (const each of tabs) {
      const { peers, rounds, departures } = await each.snapshot();
      expect(peers.find(({ id }) => id === self)?.reach ?? "dialling").toBe("dialling");
      expect(rounds.flatMap(({ participants }) => participants)).not.toContain(self);
      expect(departures).toEqual([]);
    }
    expect(await impostor.evaluate(({ reached }) => reached())).toBe(0);
  } finally {
    await context.close();
    await harness.close();
    await rm(dist, { recursive: true });
  }
});

test("four tabs form a committee by themselves; it issues the next epoch's pseudonyms, and lets a newcomer in at the door", async ({ tab }) => {
  const EPOCH = 8;
  const link = freshRoom();
  const open = (index: number) => tab({ query: { ...query(index, 5), epoch: String(EPOCH) }, link });
  const tabs = await Promise.all([0, 1, 2, 3].map(open));
  await joinAll(tabs);
  const before = await Promise.all(tabs.map((each) => until(each, ({ issuer }) => issuer !== null, PATIENCE)));
  for (const { issuer } of before) expect(issuer).toMatchObject({ members: 4, threshold: 3, member: true });

  // Under the committee's pseudonyms: whoever has none is not counted in, and would be refused by the others.
  const inside = await Promise.all(tabs.map((each) => until(each, ({ round, view, self, issuer }) => self !== null && round > EPOCH + 1 && view.length === 4 && issuer !== null, PATIENCE)));
  const names = [...before, ...inside].map(({ self }) => self);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(inside.map(({ refusals }) => refusals.unknown + refusals.forged))).toEqual(new Set([0]));

  const newcomer = await open(4);
  await joinAll([newcomer]);
  await until(newcomer, ({ self, rounds }) => rounds.some(({ participants }) => participants.length === 5 && participants.includes(self!)), PATIENCE);
  const { refusals } = await tabs[0]!.snapshot();
  expect(refusals.forged).toBe(0);
});
