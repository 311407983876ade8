import { concatBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { WireError } from "../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { createIntroduction, decodeSummary, decodeWanted, encodeSummary } from "./introduction.ts";
import { MESH_LIMITS } from "./limits.ts";
import type { Link } from "./link.ts";
import { createFakeClock } from "./testing/clock.ts";
import { peer } from "./testing/room.ts";
import { createTopology } from "./topology.ts";

/** Device 1, linked with 2 and 3, and what it sends them. */
function device() {
  const clock = createFakeClock();
  const topology = createTopology(peer(1));
  const links = new Map<PeerId, Link>([2, 3].map((n) => [peer(n), { peer: peer(n) } as Link]));
  topology.setLinks([...links.keys()]);
  const sent: { to: PeerId; kind: string; payload: Uint8Array }[] = [];
  const introduction = createIntroduction({
    clock,
    topology,
    live: () => links,
    send: (link, kind, payload) => void sent.push({ to: link.peer, kind, payload }),
    give: (link, message) => void sent.push({ to: link.peer, kind: "link-state", payload: message }),
  });
  const asked = (): [PeerId, PeerId[]][] => sent.splice(0).map(({ to, payload }) => [to, decodeWanted(payload)]);
  return { clock, topology, links, sent, introduction, link: (n: number) => links.get(peer(n))!, asked };
}

const summary = (...entries: [number, number][]): Uint8Array => encodeSummary(entries.map(([n, version]) => ({ origin: peer(n), version })));

describe("two neighbours' maps", () => {
  it("each is told of whom the other knows and is not linked with", () => {
    const { topology, introduction, sent, link } = device();
    topology.accept(peer(2), { version: 5, neighbours: [peer(1), peer(4), peer(5)], slow: false }, 0, new Uint8Array(9));
    for (const n of [4, 5]) topology.accept(peer(n), { version: 2 ** 40 + n, neighbours: [peer(2)], slow: false }, 0, new Uint8Array(n));
    introduction.begin(link(2));
    expect(sent).toEqual([]);
    introduction.begin(link(3));
    expect(sent).toMatchObject([{ to: peer(3), kind: "summary" }]);
    expect(decodeSummary(sent[0]!.payload)).toEqual([
      { origin: peer(2), version: 5 },
      { origin: peer(4), version: 2 ** 40 + 4 },
      { origin: peer(5), version: 2 ** 40 + 5 },
    ]);
  });

  it("what is news is asked for of one neighbour, and of the next one where it does not come", async () => {
    const { clock, topology, introduction, link, asked } = device();
    introduction.summary(link(2), summary([4, 7], [5, 7]));
    introduction.summary(link(3), summary([4, 7], [5, 7], [6, 1]));
    expect(asked()).toEqual([[peer(2), [peer(4), peer(5)]], [peer(3), [peer(6)]]]);
    topology.accept(peer(4), { version: 7, neighbours: [peer(2)], slow: false }, 0, new Uint8Array());
    introduction.tick();
    expect(asked()).toEqual([]);
    await clock.advance(MESH_LIMITS.introductionPatience);
    introduction.tick();
    expect(asked()).toEqual([[peer(3), [peer(5)]]]);
    await clock.advance(MESH_LIMITS.introductionPatience);
    introduction.tick();
    introduction.tick();
    expect(asked()).toEqual([]);
  });

  it("a newer version is asked for of who has it, and what a link's other end has is not passed on to it", () => {
    const { topology, introduction, link, asked } = device();
    topology.accept(peer(4), { version: 7, neighbours: [peer(2)], slow: false }, 0, new Uint8Array());
    introduction.summary(link(2), summary([4, 7], [5, 3]));
    introduction.summary(link(3), summary([4, 8], [5, 4]));
    expect(asked()).toEqual([[peer(2), [peer(5)]], [peer(3), [peer(4)]]]);
    expect([3, 4].map((version) => introduction.has(link(2), peer(5), version))).toEqual([true, false]);
    expect([3, 4].map((version) => introduction.has(link(3), peer(5), version))).toEqual([true, true]);
    expect(introduction.has(link(3), peer(6), 0)).toBe(false);
  });

  it("a neighbour gets what it asks for once, as its origin said it, and again only where that is newer", () => {
    const { topology, introduction, sent, link } = device();
    const said = (n: number): Uint8Array => Uint8Array.of(n, n);
    topology.accept(peer(4), { version: 1, neighbours: [], slow: false }, 0, said(1));
    const wanted = concatBytes(...[4, 9].map((n) => peerIdBytes(peer(n))));
    introduction.wanted(link(2), wanted);
    introduction.wanted(link(2), wanted);
    expect(sent).toEqual([{ to: peer(2), kind: "link-state", payload: said(1) }]);
    topology.accept(peer(4), { version: 2, neighbours: [], slow: false }, 0, said(2));
    introduction.wanted(link(2), wanted);
    introduction.wanted(link(3), wanted);
    expect(sent.slice(1).map(({ to, payload }) => [to, payload])).toEqual([[peer(2), said(2)], [peer(3), said(2)]]);
  });

  it("what is too long or no list of devices is refused, what names one twice, and a second summary", () => {
    const { introduction, link } = device();
    for (const length of [1, 16, 23, 22 * (MESH_LIMITS.topologyEntries + 1)]) expect(() => decodeSummary(new Uint8Array(length))).toThrow(WireError);
    for (const length of [1, 17, 16 * (MESH_LIMITS.topologyEntries + 1)]) expect(() => introduction.wanted(link(2), new Uint8Array(length))).toThrow(WireError);
    expect(() => introduction.summary(link(3), summary([4, 1], [5, 1], [4, 2]))).toThrow(WireError);
    introduction.summary(link(2), summary());
    expect(() => introduction.summary(link(2), summary())).toThrow(WireError);
  });
});
