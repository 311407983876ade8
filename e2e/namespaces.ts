import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { CHROMIUM_FLAGS, chromiumPath } from "../tools/chromium.ts";
import { needsProgram } from "./needs.ts";
import { test } from "./stage.ts";

/** A host of its own on this machine: another network namespace, joined to this one by a link that can be made slow. */
export interface OtherHost {
  /** Bits a second each way, from now on. */
  limit(bitsPerSecond: number): void;
  /** A Chromium over there. */
  launch(): Promise<Browser>;
  remove(): Promise<void>;
}

const run = (program: string, ...args: string[]): void => void execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });

/**
 * Over there, `localhost:port` is this machine's: only loopback is a secure context of itself, and no proxy is asked
 * for it. Run by Node with the address to forward to and the port; says so once that can be reached.
 */
const FORWARDER = `
const { connect, createServer } = require("node:net");
const [host, port] = process.argv.slice(1);
const server = createServer((near) => {
  const far = connect(port, host);
  near.pipe(far).pipe(near);
  near.on("error", () => far.destroy());
  far.on("error", () => near.destroy());
});
const first = connect(port, host, () => {
  first.destroy();
  server.listen(port, "127.0.0.1", () => console.log("ready"));
});
first.setTimeout(5000, () => process.exit(1));
`;

/**
 * A host from which this machine's `port` can be reached, on all of whose addresses somebody must listen. Skips the
 * running test, not in silence, where there can be none.
 */
export async function createOtherHost(port: number): Promise<OtherHost> {
  needsProgram("ip", "iproute2");
  needsProgram("tc", "iproute2");
  const number = 1 + (process.pid % 200);
  const [name, here, there] = [`hromada${process.pid}`, `hro${process.pid}a`, `hro${process.pid}b`];
  const gateway = `10.77.${number}.1`;
  const inside = (...args: string[]): void => run("ip", "netns", "exec", name, ...args);
  function limit(bitsPerSecond: number): void {
    // A bucket of a tenth of a second, and half a second of queue, as a poor modem has.
    const shape = ["root", "tbf", "rate", `${bitsPerSecond}bit`, "burst", `${Math.max(2_000, bitsPerSecond / 80)}`, "latency", "500ms"];
    run("tc", "qdisc", "replace", "dev", here, ...shape);
    inside("tc", "qdisc", "replace", "dev", there, ...shape);
  }
  /** Whoever still runs there keeps the namespace, and its link, from going. */
  const end = (stdio: "ignore" | "inherit"): void => void spawnSync("sh", ["-c", `ip netns pids ${name} | xargs -r kill; ip netns del ${name}`], { stdio });
  try {
    run("ip", "netns", "add", name);
    run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", name);
    // No addresses of IPv6, which come a while later: a browser drops its connections whenever one comes.
    run("ip", "link", "set", here, "addrgenmode", "none");
    inside("ip", "link", "set", there, "addrgenmode", "none");
    run("ip", "addr", "add", `${gateway}/24`, "dev", here);
    run("ip", "link", "set", here, "up");
    inside("ip", "addr", "add", `10.77.${number}.2/24`, "dev", there);
    inside("ip", "link", "set", there, "up");
    inside("ip", "link", "set", "lo", "up");
    // A browser offers the address of its default route.
    inside("ip", "route", "add", "default", "via", gateway);
    limit(1e9);
    const forwarder = spawn("ip", ["netns", "exec", name, process.execPath, "-e", FORWARDER, gateway, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
    await Promise.race([once(forwarder.stdout, "data"), once(forwarder, "exit").then(() => { throw new Error("this machine cannot be reached from there"); })]);
  } catch (error) {
    end("ignore");
    console.warn(`\n*** NOT TESTED: ${test.info().title}\n*** Network namespaces need root, and a kernel that lets it: ${String(error)}\n`);
    test.skip(true, "needs root for network namespaces");
  }

  const folder = await mkdtemp(join(tmpdir(), "hromada-host-"));
  const wrapper = join(folder, "chromium");
  await writeFile(wrapper, `#!/bin/sh\nexec ip netns exec ${name} ${chromiumPath()} "$@"\n`);
  await chmod(wrapper, 0o755);

  return {
    limit,
    launch: () => chromium.launch({ executablePath: wrapper, args: CHROMIUM_FLAGS }),
    async remove() {
      end("inherit");
      await rm(folder, { recursive: true });
    },
  };
}
