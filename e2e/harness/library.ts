import type { Room } from "../../src/device/api.ts";
import { roomCredential } from "../../src/device/credential.ts";
import { openLibrary } from "../../src/device/library.ts";
import { createPresence, type Presence } from "../../src/device/presence.ts";
import { roomKeys, systemRandom } from "../../src/device/room.ts";
import { decodeLibrary, encodeLibrary } from "../../src/library/message.ts";
import { createRtcHost } from "../../src/mesh/rtc.page.ts";

declare global {
  /** Lends memory in a room like anybody, and gives other bytes for every shard; says its name and how many it holds. */
  var lendFalsely: ((room: Room, task: string, epoch: number) => Promise<{ self: string; held(): number; where(): string | null }>) | undefined;
}

globalThis.lendFalsely = async (place, task, epoch) => {
  const room = roomKeys(place, task);
  const credential = roomCredential(room, epoch, systemRandom);
  const library = await openLibrary({
    slot: 0,
    room,
    lends: null,
    now: () => performance.timeOrigin + performance.now(),
    startCodingWorkers: () => null,
    onChange: () => undefined,
    onProblem: (problem) => console.error(problem),
  });
  const presence = createPresence({
    options: { slot: 0, room: place },
    room,
    credential,
    issuers: [room.issuer.P],
    cut: null,
    now: () => performance.now(),
    rtc: createRtcHost(),
    events: {
      onReachable: (peers) => library.lane.reachable(peers),
      onMessage: (from, bytes) => library.lane.receive(from, bytes),
      onOutdated: () => undefined,
      onTampered: () => undefined,
      onChange: () => undefined,
      onMisissue: () => undefined,
    },
  });
  const liar: Presence = {
    ...presence,
    send(to, bytes, signal, kind) {
      const message = decodeLibrary(bytes);
      if (message.kind !== "shard") return presence.send(to, bytes, signal, kind);
      const payload = message.payload.slice();
      payload[0]! ^= 1;
      return presence.send(to, encodeLibrary({ ...message, payload }), signal, kind);
    },
  };
  library.lane.entered(liar, credential);
  return { self: presence.self, held: () => library.view.shards, where: () => library.view.where };
};
