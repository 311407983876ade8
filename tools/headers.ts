import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";

export interface HeaderOptions {
  /** The `Host` header of the request: `'self'` does not cover ws: in every browser. */
  host?: string | undefined;
  /** Vite's dev server puts styles into the page as `<style>` elements. */
  dev?: boolean;
}

/** The query parameter by which the device worker's script is asked for with the room's own signalling server. */
export const CONNECT_PARAMETER = "connect";

const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const HOST = new RegExp(`^${LABEL}(\\.${LABEL})*(:[0-9]{1,5})?$`, "i");
const isHost = (text: string): boolean => text.length <= 260 && HOST.test(text) && Number(/:(\d+)$/.exec(text)?.[1] ?? 1) <= 65_535;

/**
 * A ws: or wss: origin that may stand in a policy as it is, or null. Only names and IPv4 addresses: the grammar
 * of a host-source has no IPv6 literals (W3C CSP 3, 2.3.1), and no other character ever reaches the header.
 */
export function webSocketOrigin(text: string): string | null {
  const match = /^(wss?):\/\/([^/]+)$/.exec(text);
  return match?.[2] !== undefined && isHost(match[2]) ? text : null;
}

/**
 * The room's server, if the url asks for exactly one and is that of a script: a worker's policy comes with its
 * own script (HTML, 10.2.6.2), so that a link's room widens that worker's policy and never the page's.
 */
function connectOf(url: string): string[] {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const wanted = searchParams.getAll(CONNECT_PARAMETER);
  if (wanted.length !== 1 || !/\.(js|mjs|ts)$/.test(pathname)) return [];
  const origin = webSocketOrigin(wanted[0] ?? "");
  return origin === null ? [] : [origin];
}

const PERMISSIONS = {
  self: ["camera", "fullscreen", "screen-wake-lock", "clipboard-write", "cross-origin-isolated"],
  nobody: [
    "accelerometer", "autoplay", "browsing-topics", "display-capture", "encrypted-media", "geolocation", "gyroscope", "hid",
    "identity-credentials-get", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking",
  ],
};

/**
 * The headers of every answer: nothing but this server may be asked for anything, and the page is isolated
 * (COOP, COEP), which SharedArrayBuffer needs. WebRTC escapes every policy (webappsec-csp issue 92): which
 * servers it may use is the mesh's own care.
 *
 * `url` is the request's, as in `IncomingMessage.url`.
 */
export function securityHeaders(url: string, { host, dev = false }: HeaderOptions = {}): Record<string, string> {
  const own = host !== undefined && isHost(host) ? [`ws://${host}`, `wss://${host}`] : [];
  const connect = ["'self'", ...own, ...(URL.canParse(url, "http://localhost") ? connectOf(url) : [])];
  const policy = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": dev ? "'self' 'unsafe-inline'" : "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": [...new Set(connect)].join(" "),
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
  };
  return {
    "Content-Security-Policy": Object.entries(policy).map((directive) => directive.join(" ")).join("; "),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": [...PERMISSIONS.self.map((name) => `${name}=(self)`), ...PERMISSIONS.nobody.map((name) => `${name}=()`)].join(", "),
  };
}

export function setSecurityHeaders(request: IncomingMessage, response: ServerResponse, options: HeaderOptions = {}): void {
  const headers = securityHeaders(request.url ?? "/", { host: request.headers.host, ...options });
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/** The same headers from Vite's dev and preview servers. */
export function headersPlugin(): Plugin {
  const middleware = (dev: boolean) => (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    setSecurityHeaders(request, response, { dev });
    next();
  };
  return {
    name: "hromada-headers",
    configureServer: (server) => void server.middlewares.use(middleware(true)),
    configurePreviewServer: (server) => void server.middlewares.use(middleware(false)),
  };
}
