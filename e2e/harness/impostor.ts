import { roomCredential } from "../../src/device/credential.ts";
import { createPresence } from "../../src/device/presence.ts";
import { roomKeys, systemRandom } from "../../src/device/room.ts";
import type { Room } from "../../src/device/api.ts";
import { createIssuer } from "../../src/identity/keys.ts";
import { createRtcHost } from "../../src/mesh/rtc.page.ts";

declare global {
  /** Enters a room with a certificate of its own making; returns its name there. */
  var intrude: ((room: Room, task: string, epoch: number) => { self: string; reached(): number }) | undefined;
}

globalThis.intrude = (place, task, epoch) => {
  const room = roomKeys(place, task);
  const { key, ...rest } = roomCredential({ ...room, issuer: createIssuer(systemRandom) }, epoch, systemRandom);
  let reached = 0;
  createPresence({
    options: { slot: 0, room: place },
    room,
    // It knows the room and everybody's issuer, and says that this one made its certificate.
    credential: { ...rest, key: { ...key, P: room.issuer.P } },
    issuers: [room.issuer.P],
    cut: null,
    now: () => performance.now(),
    rtc: createRtcHost(),
    events: {
      onReachable: (peers) => void (reached = Math.max(reached, peers.length)),
      onMessage: () => undefined,
      onOutdated: () => undefined,
      onTampered: () => undefined,
      onChange: () => undefined,
      onMisissue: () => undefined,
    },
  });
  return { self: rest.self, reached: () => reached };
};
