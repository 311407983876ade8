import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { compressPlugin } from "./tools/compress.ts";
import { buildDigits } from "./tools/digits.ts";
import { headersPlugin } from "./tools/headers.ts";
import { manifest } from "./tools/manifest.ts";
import { signalPlugin } from "./tools/serve.ts";
import { buildTexts } from "./tools/texts.ts";
import { buildWasm } from "./tools/wasm.ts";

/** The data are packed from their npm packages, and the WASM kernels compiled, before anything is served or bundled. */
const generated: Plugin = {
  name: "hromada-generated",
  async configResolved() {
    await Promise.all([buildDigits(), buildTexts(), buildWasm()]);
  },
};

const commit = (): string => {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown"; // an unpacked archive has no history
  }
};

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as { version: string };

export default defineConfig({
  plugins: [
    generated,
    headersPlugin(),
    signalPlugin(),
    compressPlugin(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src/workers/entry",
      filename: "sw.ts",
      registerType: "prompt",
      injectRegister: null,
      manifest,
      // All that is built: the service worker keeps the shell at once, and the rest when it was needed.
      injectManifest: { globPatterns: ["index.html", "assets/*.{js,css,wasm}", "icons/*.svg"], maximumFileSizeToCacheInBytes: 8e6 },
    }),
  ],
  define: { __COMMIT__: JSON.stringify(commit()), __VERSION__: JSON.stringify(version) },
  // The app, and the measurement that anybody may run on their own device. By its name the service worker knows what is fetched later (kept-parts.ts).
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 1500, rolldownOptions: { input: ["index.html", "bench.html"], output: { chunkFileNames: ({ isDynamicEntry }) => `assets/${isDynamicEntry ? "later" : "app"}-[name]-[hash].js` } } },
  worker: { format: "es" },
});
