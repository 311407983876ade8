import { createMesh, type MeshDeps, type MeshEvents, type MeshSnapshot } from "../mesh/mesh.ts";
import type { RtcHost } from "../mesh/rtc.ts";
import { createSignalClient, type SignalEvents, type SignalState } from "../signal/client.ts";
import type { PeerId } from "../wire/ids.ts";
import { arcIn, type Cut } from "../swarm/tier/groups.ts";
import { createAcquaintance } from "./acquaintance.ts";
import { createChannels } from "./channels.ts";
import type { Credential } from "./credential.ts";
import { createGuard, type EpochGuard } from "./guard.ts";
import { type RoomKeys, systemRandom } from "./room.ts";
import type { DeviceOptions, SentKind } from "./api.ts";

export interface PresenceEvents extends Pick<MeshEvents, "onReachable" | "onOutdated" | "onTampered" | "onSent"> {
  /** From whom it says, unchanged, in this epoch. */
  onMessage(from: PeerId, bytes: Uint8Array<ArrayBuffer>): void;
  onChange(): void;
  /** Of the signalling server. */
  onSentToServer?: SignalEvents["onSent"];
  /** Its issuer made two keys for one id; the proof is for everybody. */
  onMisissue(proof: Uint8Array): void;
}

export interface PresenceDeps {
  options: DeviceOptions;
  room: RoomKeys;
  credential: Credential;
  /** Whose pseudonyms are let in, 32 bytes each. */
  issuers: readonly Uint8Array[];
  /** How the room is cut; null: not at all; undefined: it is not known yet, and nobody is called before it is. */
  cut: Cut | null | undefined;
  now: () => number;
  rtc: RtcHost;
  beforeDial?: MeshDeps["beforeDial"];
  events: PresenceEvents;
}

/** One pseudonym in one epoch: its place at the signalling server, its links and its channels. */
export interface Presence {
  readonly self: PeerId;
  readonly epoch: number;
  readonly signal: SignalState;
  readonly guard: EpochGuard;
  mesh(): MeshSnapshot;
  setGroup(peers: readonly PeerId[]): void;
  setCut(cut: Cut | null): void;
  setSlow(slow: boolean): void;
  /** Asks `whom` for the certificates of these. */
  acquaint(whom: PeerId, about: readonly PeerId[]): Promise<void>;
  /** Signed; where the room is cut, to those nearby, or widely. @throws MeshError */
  broadcast(bytes: Uint8Array, kind: SentKind, wide?: boolean): void;
  /** Sealed. @throws MeshError */
  send(to: PeerId, bytes: Uint8Array, signal: AbortSignal, kind: SentKind): Promise<void>;
  close(): void;
}

export function createPresence({ options, room, credential, issuers, cut, now, rtc, beforeDial, events }: PresenceDeps): Presence {
  const { self, epoch, key, claim } = credential;
  const guard = createGuard(room, credential, issuers, systemRandom, events.onMisissue);
  let state: SignalState = "connecting";
  let listed: readonly PeerId[] = [];

  const signal = createSignalClient({
    url: options.room.server,
    topic: room.topic(epoch),
    claim,
    events: {
      onState(next) {
        state = next;
        events.onChange();
      },
      onPeers(peers) {
        const there = new Set(peers);
        const gone = listed.filter((peer) => !there.has(peer));
        listed = peers;
        mesh.roster(peers);
        gone.forEach((peer) => mesh.gone(peer));
      },
      onBlob: (from, blob) => mesh.blob(from, blob),
      onSent: (bytes, to) => events.onSentToServer?.(bytes, to),
    },
  });

  const mesh = createMesh({
    self,
    guard,
    rtc,
    signal,
    ice: { iceServers: options.room.iceServers, relayOnly: options.room.relayOnly },
    ...(cut !== null && { areas: cut === undefined ? "unknown" : arcIn(cut) }),
    ...(options.degree === undefined ? {} : { degree: options.degree, forced: true }),
    ...(beforeDial === undefined ? {} : { beforeDial }),
    events: {
      ...events,
      onMessage(from, bytes, to) {
        if (to === "all") events.onMessage(from, bytes);
        else if (acquaintance.isFor(bytes)) acquaintance.receive(from, bytes);
        else channels.receive(from, bytes);
      },
      onDropped: () => events.onChange(),
    },
  });

  const acquaintance = createAcquaintance({
    self,
    own: { certificate: key.certificate, P: key.P },
    guard,
    now,
    transmit: (to, parts) => mesh.send(to, parts, { label: "handshake" }),
  });

  const channels = createChannels({
    self,
    key,
    guard,
    random: systemRandom,
    transmit: (to, parts, abort, label) => mesh.send(to, parts, { signal: abort, label }),
    meet: (peer) => acquaintance.ask(peer, [peer]),
    onMessage: events.onMessage,
  });

  return {
    self,
    epoch,
    get signal() {
      return state;
    },
    guard,
    mesh: () => mesh.snapshot(),
    setGroup: (peers) => mesh.setGroup(peers),
    setSlow: (slow) => mesh.setSlow(slow),
    setCut: (next) => mesh.setAreas(next && arcIn(next)),
    acquaint: acquaintance.ask,
    broadcast: (bytes, kind, wide) => mesh.broadcast(bytes, kind, wide),
    send: (to, bytes, abort, kind) => channels.send(to, bytes, abort, kind),
    close() {
      acquaintance.close();
      channels.close();
      signal.close();
      mesh.close();
    },
  };
}
