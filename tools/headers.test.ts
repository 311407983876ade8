import * as fc from "fast-check";
import { expect, test } from "vitest";
import { securityHeaders, webSocketOrigin } from "./headers.ts";

const policyOf = (url: string, host?: string): Map<string, string[]> =>
  new Map((securityHeaders(url, { host })["Content-Security-Policy"] ?? "").split("; ").map((part) => {
    const [name = "", ...values] = part.split(" ");
    return [name, values];
  }));
const connectOf = (url: string, host?: string): string[] | undefined => policyOf(url, host).get("connect-src");
const ask = (origin: string): string => `/assets/device-XYZ.js?connect=${encodeURIComponent(origin)}`;

test("nothing is allowed but what is named, and that is this server's own", () => {
  expect(Object.fromEntries(policyOf("/", "hromada.example:8080"))).toEqual({
    "default-src": ["'none'"],
    "script-src": ["'self'", "'wasm-unsafe-eval'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    "connect-src": ["'self'", "ws://hromada.example:8080", "wss://hromada.example:8080"],
    "worker-src": ["'self'"],
    "manifest-src": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
  });
  expect(securityHeaders("/")).toMatchObject({
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  });
});

test.each(["wss://room.example", "wss://room.example:8443", "ws://192.168.1.7:8080", "ws://localhost:1"])("the worker's script may reach its room's server %s", (origin) => {
  expect(connectOf(ask(origin))).toEqual(["'self'", origin]);
});

test.each([
  "https://room.example", "wss://", "wss://room.example/", "wss://room.example/signal", "wss://room.example?x", "wss://room.example#x",
  "wss://user@room.example", "wss://user:secret@room.example", "wss://*.example", "wss://*", "*", "wss:", "'unsafe-inline'", "data:",
  "wss://a b", "wss://a;script-src *", "wss://a; script-src 'unsafe-inline'", "wss://a,b", "wss://a wss://b", "wss://a\r\nX: y", "wss://a\n", "wss://a\t",
  "wss://a:99999", "wss://a:", "wss://a:1:2", "wss://-a", "wss://a..b", "wss://[::1]:8080", "wss://кіт.example", "WSS://a", " wss://a", "wss://a'", "",
])("%j is not let into the policy", (origin) => {
  expect(webSocketOrigin(origin)).toBeNull();
  expect(connectOf(ask(origin))).toEqual(["'self'"]);
});

test("no query whatever changes more than one origin in connect-src", () => {
  const plain = policyOf("/assets/device.js");
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.webUrl()), fc.boolean(), (text, coded) => {
      const url = `/assets/device.js?connect=${coded ? encodeURIComponent(text) : text}`;
      const policy = policyOf(url);
      const connect = policy.get("connect-src") ?? [];
      expect([...policy.keys()]).toEqual([...plain.keys()]);
      for (const [name, values] of plain) if (name !== "connect-src") expect(policy.get(name)).toEqual(values);
      expect(connect.length).toBeLessThanOrEqual(2);
      for (const origin of connect.slice(1)) expect(origin).toMatch(/^wss?:\/\/[A-Za-z0-9.-]+(:\d+)?$/);
      for (const value of Object.values(securityHeaders(url))) expect(value).toMatch(/^[\x20-\x7e]+$/);
    }),
  );
});

test("two rooms' servers at once are one too many, and a page's policy is never widened", () => {
  expect(connectOf("/assets/d.js?connect=wss%3A%2F%2Fa&connect=wss%3A%2F%2Fb")).toEqual(["'self'"]);
  for (const page of ["/", "/index.html", "/sub/"]) expect(connectOf(`${page}?connect=wss%3A%2F%2Fa`)).toEqual(["'self'"]);
});

test.each(["evil;script-src *", "a b", "a,b", "[::1]:8080", "a\r\nX: y", "", "a:b", "*"])("the host header %j stays out of the policy", (host) => {
  expect(connectOf("/", host)).toEqual(["'self'"]);
});

test("a url that does not parse gets the plain headers", () => {
  expect(connectOf("//[")).toEqual(["'self'"]);
});
