import type { ManifestOptions } from "vite-plugin-pwa";

const icon = { src: "icons/icon-192.png", sizes: "192x192", type: "image/png" };
const shortcut = (name: string, page: string) => ({ name, url: `./?page=${page}`, icons: [icon] });

/** The web app manifest (W3C Application Manifest; share target: WICG Web Share Target). Pictures: tools/screenshots.ts. */
export const manifest: Partial<ManifestOptions> = {
  id: "./",
  name: "Hromada",
  short_name: "Hromada",
  description: "Devices that pool their compute into AI that belongs to all of them",
  lang: "en",
  dir: "ltr",
  theme_color: "#12615a",
  background_color: "#f6f6f2",
  display: "standalone",
  start_url: ".",
  scope: ".",
  categories: ["education", "utilities", "productivity"],
  icons: [
    icon,
    { src: "icons/icon-512.png", sizes: "512x512", type: "image/png" },
    { src: "icons/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
    { src: "icons/icon.svg", sizes: "any", type: "image/svg+xml" },
  ],
  screenshots: [
    { src: "screenshots/wide.png", sizes: "1280x800", type: "image/png", form_factor: "wide", label: "Two devices train a model together" },
    { src: "screenshots/narrow.png", sizes: "360x720", type: "image/png", form_factor: "narrow", label: "One press, and the phone trains" },
  ],
  shortcuts: [shortcut("Tasks", "tasks"), shortcut("My data", "data"), shortcut("Models", "models"), shortcut("Settings", "settings")],
  share_target: {
    action: "share",
    method: "POST",
    enctype: "multipart/form-data",
    params: { files: [{ name: "files", accept: ["text/csv", ".csv", "text/plain", ".txt", "image/*"] }] },
  },
};
