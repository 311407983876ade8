import { execFileSync } from "node:child_process";
import { defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { buildDigits } from "./tools/digits.ts";
import { headersPlugin } from "./tools/headers.ts";
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

export default defineConfig({
  plugins: [
    generated,
    headersPlugin(),
    signalPlugin(),
    VitePWA({
      strategies: "generateSW",
      registerType: "prompt",
      injectRegister: null,
      manifest: {
        name: "Hromada",
        short_name: "Hromada",
        description: "Devices that pool their compute into AI that belongs to all of them",
        theme_color: "#12615a",
        background_color: "#f7f6f2",
        display: "standalone",
        start_url: ".",
        icons: [
          { src: "icons/icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "icons/icon-512.png", sizes: "512x512", type: "image/png" },
          { src: "icons/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
        ],
      },
      workbox: {
        // The shell only: engines and data come when they are first needed.
        globPatterns: ["index.html", "assets/{index,modulepreload-polyfill}-*.{js,css}", "icons/*.svg"],
        navigateFallbackDenylist: [/^\/(health|signal|bench\.html)/],
      },
    }),
  ],
  define: { __COMMIT__: JSON.stringify(commit()) },
  // The app, and the measurement that anybody may run on their own device.
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 1500, rolldownOptions: { input: ["index.html", "bench.html"] } },
  worker: { format: "es" },
});
