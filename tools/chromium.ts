import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

const USUAL = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/snap/bin/chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** What a headless Chromium needs in a container: no sandbox as root, and nothing that calls home. */
export const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Containers have no multicast, so mDNS names of local candidates would not resolve.
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  // Hidden tabs of a test are tabs that somebody looks at.
  "--disable-renderer-backgrounding",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
];

/** WebGPU on the CPU, for the tests of that path. */
export const SOFTWARE_WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/** Path of a Chromium: `CHROMIUM_PATH`, the usual places, else one that is installed now. */
export function chromiumPath(): string {
  const given = process.env["CHROMIUM_PATH"];
  if (given !== undefined) {
    if (!existsSync(given)) throw new Error(`CHROMIUM_PATH is ${given}, where there is nothing; unset it or point it at a Chromium`);
    return given;
  }
  return findChromium() ?? install();
}

function findChromium(): string | null {
  return USUAL.find((path) => existsSync(path)) ?? null;
}

function install(): string {
  if (debianPackage("chromium")) {
    const path = findChromium();
    if (path !== null) return path;
  }
  console.error("Installing Playwright's own Chromium …");
  execFileSync(process.execPath, [createRequire(import.meta.url).resolve("playwright-core/cli.js"), "install", "--with-deps", "chromium"], { stdio: "inherit" });
  return playwrightOwn();
}

function playwrightOwn(): string {
  const script = "import('playwright-core').then(({ chromium }) => process.stdout.write(chromium.executablePath()))";
  return execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
}

/** Installs a Debian package where that is possible: as root, with apt. Says whether it is there then. */
export function debianPackage(name: string): boolean {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return false;
  console.error(`Installing Debian's ${name} …`);
  try {
    execFileSync("apt-get", ["update", "-q"], { stdio: ["ignore", "ignore", "inherit"] });
    execFileSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", name], { stdio: ["ignore", "ignore", "inherit"] });
    return true;
  } catch (error) {
    console.error(`Debian's ${name} could not be installed: ${String(error)}`);
    return false;
  }
}
