import { concatBytes } from "@noble/hashes/utils.js";
import { WireError } from "../wire/codec.ts";
import { PEER_ID_BYTES, peerIdBytes, peerIdOf, type PeerId } from "../wire/ids.ts";
import type { Clock } from "./clock.ts";
import type { Link } from "./link.ts";
import { LINK_STATE_VERSION_BYTES, readVersion, writeVersion } from "./linkstate.ts";
import { MESH_LIMITS } from "./limits.ts";
import type { Topology } from "./topology.ts";

const ENTRY_BYTES = PEER_ID_BYTES + LINK_STATE_VERSION_BYTES;

/** What a device knows of one that is not its neighbour: how new, and not yet what. */
interface Entry {
  origin: PeerId;
  version: number;
}

/** Origin and version of each. */
export function encodeSummary(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ENTRY_BYTES * entries.length);
  entries.forEach(({ origin, version }, index) => {
    bytes.set(peerIdBytes(origin), ENTRY_BYTES * index);
    writeVersion(bytes, ENTRY_BYTES * index + PEER_ID_BYTES, version);
  });
  return bytes;
}

/** @throws WireError */
export function decodeSummary(bytes: Uint8Array): Entry[] {
  const entries = parts(bytes, ENTRY_BYTES).map((part) => ({ origin: peerIdOf(part.subarray(0, PEER_ID_BYTES)), version: readVersion(part, PEER_ID_BYTES) }));
  if (new Set(entries.map(({ origin }) => origin)).size !== entries.length) throw new WireError("malformed", "a device named twice");
  return entries;
}

/** @throws WireError */
export const decodeWanted = (bytes: Uint8Array): PeerId[] => parts(bytes, PEER_ID_BYTES).map(peerIdOf);

function parts(bytes: Uint8Array, size: number): Uint8Array[] {
  if (bytes.length % size !== 0) throw new WireError("malformed", `${bytes.length} bytes where each device takes ${size}`);
  const count = bytes.length / size;
  if (count > MESH_LIMITS.topologyEntries) throw new WireError("oversized", `${count} devices where at most ${MESH_LIMITS.topologyEntries} are allowed`);
  return Array.from({ length: count }, (_, index) => bytes.subarray(size * index, size * (index + 1)));
}

export interface Introduction {
  /** A link is there: its other end, where it is of the same area, is told of whom this device knows. */
  begin(link: Link): void;
  /** Of whom the other end knows. @throws WireError */
  summary(link: Link, bytes: Uint8Array): void;
  /** Whose link states the other end asks for. @throws WireError */
  wanted(link: Link, bytes: Uint8Array): void;
  /** Whether the other end is known to have this of a device, or something newer. */
  has(link: Link, origin: PeerId, version: number): boolean;
  /** Asks others for what was asked for and did not come. */
  tick(): void;
}

export interface IntroductionDeps {
  clock: Clock;
  topology: Topology;
  live(): ReadonlyMap<PeerId, Link>;
  send(link: Link, kind: "summary" | "want-states", payload: Uint8Array): void;
  /** A link state as its origin said it. */
  give(link: Link, message: Uint8Array): void;
}

/**
 * How two new neighbours bring their maps together, as routers of OSPF do (RFC 2328 section 10): each says of whom it
 * knows and how new that is, and asks for what is news to it, of one neighbour at a time. A newcomer with a dozen links
 * gets the map once and not a dozen times.
 */
export function createIntroduction({ clock, topology, live, send, give }: IntroductionDeps): Introduction {
  /** News that neighbours speak of: who has it and was not asked yet, and until when whoever was asked has time. */
  const news = new Map<PeerId, { version: number; holders: PeerId[]; until: number }>();
  /** Links whose other end has said of whom it knows; and the newest that each is known to have. */
  const told = new WeakSet<Link>();
  const theirs = new WeakMap<Link, Map<PeerId, number>>();

  function versionsOf(link: Link): Map<PeerId, number> {
    const versions = theirs.get(link) ?? new Map<PeerId, number>();
    theirs.set(link, versions);
    return versions;
  }

  const has = (link: Link, origin: PeerId, version: number): boolean => (theirs.get(link)?.get(origin) ?? -1) >= version;

  function nextOf(holders: PeerId[]): Link | null {
    for (let peer = holders.shift(); peer !== undefined; peer = holders.shift()) {
      const link = live().get(peer);
      if (link) return link;
    }
    return null;
  }

  function ask(): void {
    const now = clock.now();
    const wanted = new Map<Link, PeerId[]>();
    for (const [origin, entry] of news) {
      const isNews = topology.isNews(origin, entry);
      if (isNews && now < entry.until) continue;
      const link = isNews ? nextOf(entry.holders) : null;
      if (link) {
        entry.until = now + MESH_LIMITS.introductionPatience;
        wanted.set(link, [...(wanted.get(link) ?? []), origin]);
      } else news.delete(origin);
    }
    for (const [link, origins] of wanted) send(link, "want-states", concatBytes(...origins.map(peerIdBytes)));
  }

  return {
    begin(link) {
      if (!topology.isNear(link.peer)) return;
      // Whoever is linked with it tells it first hand.
      const entries = topology.known().filter(({ origin }) => origin !== link.peer && !topology.linked(origin, link.peer));
      if (entries.length > 0) send(link, "summary", encodeSummary(entries));
    },
    summary(link, bytes) {
      if (told.has(link)) throw new WireError("malformed", "a second summary on one link");
      told.add(link);
      const versions = versionsOf(link);
      for (const { origin, version } of decodeSummary(bytes)) {
        versions.set(origin, Math.max(version, versions.get(origin) ?? 0));
        if (!topology.isNews(origin, { version })) continue;
        const entry = news.get(origin);
        if (!entry || entry.version < version) news.set(origin, { version, holders: [link.peer], until: entry?.until ?? 0 });
        else entry.holders.push(link.peer);
      }
      ask();
    },
    wanted(link, bytes) {
      for (const origin of decodeWanted(bytes)) {
        const entry = topology.entry(origin);
        // The channel loses nothing: whoever asks for the same again gets nothing.
        if (!entry || has(link, origin, entry.version)) continue;
        versionsOf(link).set(origin, entry.version);
        give(link, entry.message);
      }
    },
    has,
    tick: ask,
  };
}
