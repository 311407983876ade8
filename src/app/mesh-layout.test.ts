import { describe, expect, it } from "vitest";
import type { PeerView } from "../device/api.ts";
import type { PeerId } from "../wire/ids.ts";
import { layoutMesh } from "./mesh-layout.ts";

const id = (digit: string) => digit.repeat(32) as PeerId;
const peer = (digit: string, reach: PeerView["reach"] = "linked"): PeerView => ({ id: id(digit), reach, phase: "train", round: 1 });
const mesh = (peers: PeerView[], edges: [PeerId, PeerId][] = []) => layoutMesh({ self: id("5"), peers, edges, phase: "commit", round: 1 });

describe("mesh layout", () => {
  it("puts a device that is alone in the middle", () => {
    expect(mesh([]).nodes).toMatchObject([{ x: 0, y: 0, reach: "self", progress: 1 }]);
  });

  it("keeps one order however the peers are listed, with this device first", () => {
    const order = (peers: PeerView[]) => mesh(peers).nodes.map((node) => node.id);
    expect(order([peer("9"), peer("1")])).toEqual(order([peer("1"), peer("9")]));
    expect(order([peer("1"), peer("9")])[0]).toBe(id("5"));
  });

  it("tells own links, links between others and relayed ways apart", () => {
    const { edges } = mesh([peer("1"), peer("2", "relayed"), peer("3", "dialling")], [[id("5"), id("1")], [id("1"), id("2")], [id("1"), id("f")]]);
    expect(edges.map(({ from, to, kind }) => `${from.id[0]}${to.id[0]} ${kind}`)).toEqual(["51 own", "12 other", "52 relayed"]);
  });

  it("draws nothing before this device has a name", () => {
    expect(layoutMesh({ self: null, peers: [], edges: [], phase: null, round: 0 })).toEqual({ nodes: [], edges: [] });
  });
});
