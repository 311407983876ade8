import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createSignalClient } from "../../src/signal/client.ts";
import { securityHeaders } from "../headers.ts";
import { createAppServer, type AppServer } from "../serve.ts";
import { lanAddress, machineNames } from "./addresses.ts";
import { localCertificates, type LocalCertificates } from "./ca.ts";
import { LEAF_DAYS } from "./certificates.ts";

const DAY = 86_400_000;
const NAMES = { dns: ["localhost", "kitchen", "kitchen.local"], ip: ["127.0.0.1", "192.168.1.7", "::1"] };
let folder: string;
let kept: LocalCertificates;
let server: AppServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hromada-https-"));
  kept = await localCertificates(join(folder, "ca"), NAMES);
  await writeFile(join(folder, "index.html"), "app");
  server = await createAppServer({ dist: folder, port: 0, host: "127.0.0.1", https: kept });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function read(asked: ReturnType<typeof httpGet>): Promise<{ status: number | undefined; headers: IncomingMessage["headers"]; body: Buffer }> {
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) };
}
const plain = (path: string) => read(httpGet({ host: "127.0.0.1", port: server.port, path, agent: false }));
const secure = (path: string, ca: string, servername = "localhost") => read(httpsGet({ host: "127.0.0.1", port: server.port, path, ca, servername, agent: false }));

test("the leaf verifies against the root, names every address, and lasts no longer than allowed", () => {
  const [root, leaf] = [new X509Certificate(kept.ca), new X509Certificate(kept.cert)];
  expect(root.ca && root.verify(root.publicKey)).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
  expect(NAMES.dns.every((name) => leaf.checkHost(name)) && NAMES.ip.every((ip) => leaf.checkIP(ip))).toBe(true);
  expect(leaf.checkHost("other")).toBeUndefined();
  expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)).toBeLessThan(LEAF_DAYS * DAY);
});

test("a client that trusts the root gets the app, and one that does not gets nothing", async () => {
  const answer = await secure("/", kept.ca);
  expect({ status: answer.status, body: String(answer.body) }).toEqual({ status: 200, body: "app" });
  for (const [name, value] of Object.entries(securityHeaders("/", { host: `127.0.0.1:${server.port}` }))) expect(answer.headers[name.toLowerCase()]).toBe(value);
  const stranger = await localCertificates(join(folder, "stranger"), NAMES);
  await expect(secure("/", stranger.ca)).rejects.toThrow(/signature|issuer|self.signed|certificate/i);
  await expect(secure("/", kept.ca, "other.example")).rejects.toThrow(/altnames/);
});

test("plain HTTP at the same port gets the steps in both languages and the root, never the app", async () => {
  const page = await plain("/");
  const text = String(page.body);
  expect(page.status).toBe(200);
  for (const word of ["Android", "iPhone", "Windows", "macOS", "Firefox", 'lang="uk"', "Завантажити сертифікат", new X509Certificate(kept.ca).fingerprint256, `https://127.0.0.1:${server.port}/`]) expect(text).toContain(word);
  const root = await plain("/hromada-ca.crt");
  expect(root.headers["content-type"]).toBe("application/x-x509-ca-cert");
  expect(new X509Certificate(root.body).fingerprint256).toBe(new X509Certificate(kept.ca).fingerprint256);
  expect(String((await plain("/index.html")).body)).toBe(text);
  for (const answer of [page, root, await plain("/trust.css")]) {
    for (const [name, value] of Object.entries(securityHeaders("/", { host: `127.0.0.1:${server.port}` }))) expect(answer.headers[name.toLowerCase()]).toBe(value);
  }
});

test("the address that a request claims cannot write into the page", async () => {
  const page = await read(httpGet({ host: "127.0.0.1", port: server.port, path: "/", agent: false, headers: { Host: 'x"><script>alert(1)</script>' } }));
  expect(String(page.body)).not.toContain("<script");
});

test("signalling works over TLS on the same port, and neither protocol disturbs the other", async () => {
  class Trusting extends WebSocket {
    constructor(url: string) {
      super(url, { ca: kept.ca });
    }
  }
  const client = createSignalClient({
    url: `wss://localhost:${server.port}/signal`, topic: new Uint8Array(32), claim: new Uint8Array(48), WebSocket: Trusting,
    events: { onState: () => {}, onPeers: () => {}, onBlob: () => {} },
  });
  const socket = connect(server.port, "127.0.0.1");
  socket.write(new Uint8Array(64).fill(0xff).fill(0x16, 0, 1));
  socket.on("error", () => socket.destroy());
  socket.resume();
  await once(socket, "close");
  while (client.state !== "open") await new Promise((resolve) => setTimeout(resolve, 5));
  const answers = await Promise.all([...Array.from({ length: 10 }, () => plain("/")), ...Array.from({ length: 10 }, () => secure("/", kept.ca))]);
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  client.close();
});

test("certificates are kept, private, and made anew only when they have to be", async () => {
  const at = join(folder, "kept");
  const first = await localCertificates(at, NAMES);
  expect(first.made).toBe("ca");
  for (const name of ["ca.crt", "ca.key", "leaf.crt", "leaf.key"]) expect((await stat(join(at, name))).mode & 0o777).toBe(0o600);
  expect((await stat(at)).mode & 0o777).toBe(0o700);
  expect(await localCertificates(at, NAMES)).toEqual({ ...first, made: null });

  const moved = await localCertificates(at, { ...NAMES, ip: [...NAMES.ip, "192.168.1.8"] });
  expect(moved).toMatchObject({ made: "leaf", ca: first.ca });
  const back = await localCertificates(at, NAMES);
  expect(back.made).toBe("leaf");
  const renewed = await localCertificates(at, NAMES, Date.now() + (LEAF_DAYS - 20) * DAY);
  expect(renewed).toMatchObject({ made: "leaf", ca: first.ca });
  expect(await localCertificates(at, NAMES, Date.now() + 3_500 * DAY)).toMatchObject({ made: "ca" });
});

test("damaged or mixed-up files are made anew", async () => {
  const at = join(folder, "damaged");
  const first = await localCertificates(at, NAMES);
  await writeFile(join(at, "leaf.key"), "nonsense");
  expect(await localCertificates(at, NAMES)).toMatchObject({ made: "leaf", ca: first.ca });
  await writeFile(join(at, "ca.key"), await readFile(join(at, "leaf.key")));
  expect(await localCertificates(at, NAMES)).toMatchObject({ made: "ca" });
});

test("a machine's names are those that others can reach it by", () => {
  const at = (address: string, internal = false) => ({ address, internal, family: address.includes(":") ? "IPv6" : "IPv4", netmask: "", mac: "", cidr: null, scopeid: 0 }) as never;
  const interfaces = { lo: [at("127.0.0.1", true), at("::1", true)], eth0: [at("203.0.113.5"), at("fe80::1")], wlan0: [at("192.168.1.7"), at("fd00::7")] };
  expect(machineNames(interfaces, "Kitchen")).toEqual({ dns: ["localhost", "kitchen", "kitchen.local"], ip: ["127.0.0.1", "192.168.1.7", "203.0.113.5", "::1", "fd00::7"] });
  expect(machineNames({}, "odd name;")).toEqual({ dns: ["localhost"], ip: ["127.0.0.1", "::1"] });
  expect(lanAddress(interfaces)).toBe("192.168.1.7");
  expect(lanAddress({ lo: interfaces.lo })).toBeNull();
});
