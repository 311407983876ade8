import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Room } from "../device/api.ts";
import { formatJoinLink, LINK_LIMITS, LinkError, newSecret, ownServer, parseJoinLink } from "./join-link.ts";

const here = { protocol: "https:", host: "hromada.example:8080" };
const secretOf = (bytes: Uint8Array) => newSecret((out) => out.set(bytes));

const secret = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(secretOf);
const port = fc.integer({ min: 1, max: 65_535 });
const host = fc.domain();
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((value) => value.isWellFormed());
const ice = fc.oneof(
  fc.record({ urls: fc.tuple(host, port).map(([name, at]) => `stun:${name}:${at}`) }),
  fc.record({ urls: fc.tuple(host, port).map(([name, at]) => `turn:${name}:${at}?transport=udp`), username: text, credential: text }),
);
const room: fc.Arbitrary<Room> = fc
  .record({
    secret: fc.option(secret, { nil: undefined }),
    server: fc.oneof(
      fc.constant(ownServer(here)),
      fc.tuple(host, fc.integer({ min: 1_024, max: 65_535 })).map(([name, at]) => `wss://${name}:${at}/signal`),
    ),
    iceServers: fc.array(ice, { maxLength: 3 }),
  })
  .chain((base) =>
    fc.boolean().map((relay) => ({
      ...(base.secret === undefined ? {} : { secret: base.secret }),
      server: base.server,
      iceServers: base.iceServers,
      relayOnly: relay && base.iceServers.some(({ urls }) => urls.startsWith("turn")),
    })),
  );

const partOf = (hash: string): string => {
  try {
    parseJoinLink(hash, here);
  } catch (error) {
    if (error instanceof LinkError && error.code === "bad-link") return error.part;
    throw error;
  }
  return "none";
};

describe("join link", () => {
  it("brings back every room that was put into a link", () => {
    fc.assert(
      fc.property(room, (value) => {
        expect(parseJoinLink(formatJoinLink(value, here), here)).toEqual(value);
      }),
    );
  });

  it("answers any fragment with a room or with the typed error, nothing else", () => {
    const piece = fc.tuple(fc.constantFrom("room", "server", "ice", "relay", "x"), fc.string()).map(([key, value]) => `${key}=${value}`);
    const junk = fc.oneof(fc.string(), fc.array(piece, { maxLength: 12 }).map((pieces) => `#${pieces.join("&")}`));
    fc.assert(
      fc.property(junk, (hash) => {
        partOf(hash);
      }),
      { numRuns: 1_000 },
    );
  });

  it("takes an empty fragment as the open room of the server that served the page", () => {
    expect(parseJoinLink("", here)).toEqual({ server: "wss://hromada.example:8080/signal", iceServers: [], relayOnly: false });
    expect(parseJoinLink("#", { protocol: "http:", host: "localhost:8080" }).server).toBe("ws://localhost:8080/signal");
  });

  it("names no STUN server by itself", () => {
    expect(parseJoinLink(`#room=${secretOf(new Uint8Array(32))}`, here).iceServers).toEqual([]);
  });

  it("says which part of a broken link is wrong", () => {
    const good = secretOf(new Uint8Array(32).fill(7));
    expect(partOf(`#room=${good}`)).toBe("none");
    expect(partOf(`#room=${good.slice(1)}`)).toBe("room");
    expect(partOf(`#room=${good}&room=${good}`)).toBe("room");
    expect(partOf("#room=")).toBe("room");
    expect(partOf("#server=https://example.org/")).toBe("server");
    expect(partOf("#server=wss://me:secret@example.org/")).toBe("server");
    expect(partOf("#server=wss://[::1]/signal")).toBe("server");
    expect(partOf("#ice=http://example.org")).toBe("ice");
    expect(partOf("#ice=stun:example.org:99999")).toBe("ice");
    expect(partOf("#ice=turn:example.org")).toBe("ice");
    expect(partOf("#ice=%25E0%25A4%25A")).toBe("ice");
    expect(partOf(`#${"ice=stun:a.b&".repeat(LINK_LIMITS.iceServers + 1).slice(0, -1)}`)).toBe("ice");
    expect(partOf("#relay=1")).toBe("relay");
    expect(partOf("#relay=yes&ice=turn:a.b|u|p")).toBe("relay");
    expect(partOf("#topic=1")).toBe("key");
    expect(partOf(`#room=${"A".repeat(LINK_LIMITS.characters)}`)).toBe("length");
  });

  it("refuses a second spelling of one room", () => {
    const zero = "A".repeat(43);
    expect(partOf(`#room=${zero}`)).toBe("none");
    expect(partOf(`#room=${zero.slice(0, 42)}B`)).toBe("room");
  });
});
