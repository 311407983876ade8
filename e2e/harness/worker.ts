import { bytesToHex } from "@noble/hashes/utils.js";
import { expose, type Remote } from "comlink";
import { createMesh, type Mesh, type MeshSnapshot } from "../../src/mesh/mesh.ts";
import type { RtcHost } from "../../src/mesh/rtc.ts";
import { rtcOverComlink } from "../../src/mesh/rtc.worker.ts";
import { createTestGuard } from "../../src/mesh/testing/guard.ts";
import { createSignalClient } from "../../src/signal/client.ts";
import type { PeerId } from "../../src/wire/ids.ts";
import { createRandom } from "../../src/wire/random.ts";

export interface Message {
  bytes: number;
  /** SHA-256, hex. */
  hash: string;
}

export interface Node {
  open(server: string, rtc: RtcHost): Promise<void>;
  /** Sends as many seeded bytes to the one peer that is there, and says what they were. */
  send(bytes: number, seed: number): Promise<Message>;
  received(): Promise<Message[]>;
  /** `losses`: how often a peer went out of reach. */
  state(): Promise<MeshSnapshot & { losses: number }>;
}

/** A device worker with nothing above the mesh. */
let mesh: Mesh;
let peers: readonly PeerId[] = [];
let losses = 0;
const inbox: Promise<Message>[] = [];

async function messageOf(bytes: Uint8Array<ArrayBuffer>): Promise<Message> {
  return { bytes: bytes.length, hash: bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))) };
}

expose({
  async open(server, rtc) {
    const claim = crypto.getRandomValues(new Uint8Array(48));
    const signal = createSignalClient({
      url: server,
      topic: new Uint8Array(32),
      claim,
      events: { onState: () => undefined, onPeers: (list) => mesh.roster(list), onBlob: (from, blob) => mesh.blob(from, blob) },
    });
    mesh = createMesh({
      self: signal.self,
      guard: createTestGuard(signal.self),
      rtc: rtcOverComlink(rtc as unknown as Remote<RtcHost>),
      signal,
      ice: { iceServers: [], relayOnly: false },
      events: {
        onMessage: (_, bytes) => void inbox.push(messageOf(bytes)),
        onReachable(reachable) {
          losses += peers.filter((peer) => !reachable.includes(peer)).length;
          peers = reachable;
        },
        onOutdated: () => undefined,
        onDropped: () => undefined,
        onTampered: () => undefined,
      },
    });
  },
  async send(bytes, seed) {
    const random = createRandom(seed);
    const words = Uint32Array.from({ length: Math.ceil(bytes / 4) }, () => random.uint32());
    const message = new Uint8Array(words.buffer, 0, bytes);
    await mesh.send(peers[0]!, message);
    return messageOf(message);
  },
  received: () => Promise.all(inbox),
  state: async () => ({ ...mesh.snapshot(), losses }),
} satisfies Node);
