import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { CHROMIUM_FLAGS, chromiumPath } from "../tools/chromium.ts";
import { needsProgram } from "./needs.ts";
import { test } from "./stage.ts";

/** A host of its own on this machine: another network namespace, joined to this one by a link that can be made slow. */
export interface OtherHost {
  /** This machine's address on the link. */
  gateway: string;
  /** Bits a second each way, from now on. */
  limit(bitsPerSecond: number): void;
  /** A Chromium over there. */
  launch(flags: readonly string[]): Promise<Browser>;
  remove(): Promise<void>;
}

const run = (program: string, ...args: string[]): void => void execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });

/** Skips the running test, not in silence, where namespaces cannot be made. */
export async function createOtherHost(): Promise<OtherHost> {
  needsProgram("ip", "iproute2");
  needsProgram("tc", "iproute2");
  const number = 1 + (process.pid % 200);
  const [name, here, there] = [`hromada${number}`, `hro${number}a`, `hro${number}b`];
  const inside = (...args: string[]): void => run("ip", "netns", "exec", name, ...args);
  try {
    run("ip", "netns", "add", name);
    run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", name);
    run("ip", "addr", "add", `10.77.${number}.1/24`, "dev", here);
    run("ip", "link", "set", here, "up");
    inside("ip", "addr", "add", `10.77.${number}.2/24`, "dev", there);
    inside("ip", "link", "set", there, "up");
    inside("ip", "link", "set", "lo", "up");
    // A browser offers the address of its default route.
    inside("ip", "route", "add", "default", "via", `10.77.${number}.1`);
  } catch (error) {
    console.warn(`\n*** NOT TESTED: ${test.info().title}\n*** Network namespaces need root, and a kernel that lets it: ${String(error)}\n`);
    test.skip(true, "needs root for network namespaces");
  }

  const folder = await mkdtemp(join(tmpdir(), "hromada-host-"));
  const wrapper = join(folder, "chromium");
  await writeFile(wrapper, `#!/bin/sh\nexec ip netns exec ${name} ${chromiumPath()} "$@"\n`);
  await chmod(wrapper, 0o755);

  return {
    gateway: `10.77.${number}.1`,
    limit(bitsPerSecond) {
      // A bucket of a tenth of a second, and half a second of queue, as a poor modem has.
      const shape = ["root", "tbf", "rate", `${bitsPerSecond}bit`, "burst", `${Math.max(2_000, bitsPerSecond / 80)}`, "latency", "500ms"];
      run("tc", "qdisc", "replace", "dev", here, ...shape);
      inside("tc", "qdisc", "replace", "dev", there, ...shape);
    },
    launch: (flags) => chromium.launch({ executablePath: wrapper, args: [...CHROMIUM_FLAGS, ...flags] }),
    async remove() {
      // The link goes with its namespace.
      run("ip", "netns", "del", name);
      await rm(folder, { recursive: true });
    },
  };
}
