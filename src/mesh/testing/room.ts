import type { WireError } from "../../wire/codec.ts";
import type { PeerId } from "../../wire/ids.ts";
import { createRandom } from "../../wire/random.ts";
import { createMesh, type Mesh, type MeshDeps, type MeshEvents } from "../mesh.ts";
import type { Way } from "../guard.ts";
import { createFakeClock, type FakeClock } from "./clock.ts";
import { createTestGuard } from "./guard.ts";
import { createNetwork, type Network, type NetworkOptions } from "./network.ts";

/** One device of a test room and what its mesh said. */
export interface Member {
  id: PeerId;
  mesh: Mesh;
  messages: { from: PeerId; bytes: Uint8Array }[];
  reachable: PeerId[];
  pending: PeerId[];
  beyond: readonly PeerId[];
  outdated: PeerId[];
  dropped: { peer: PeerId; error: WireError }[];
  tampered: { from: PeerId; way: Way }[];
}

export interface Room {
  clock: FakeClock;
  network: Network;
  members: Map<PeerId, Member>;
  /** The signalling server answers. */
  serverUp: boolean;
  join(id: PeerId, options?: Partial<MeshDeps> & Pick<MeshEvents, "onSent">): Member;
  /** The server notices that a device left. */
  leave(id: PeerId): void;
  /** A blob through the server. */
  blob(from: PeerId, to: PeerId, blob: Uint8Array): void;
}

export const peer = (n: number): PeerId => n.toString(16).padStart(2, "0").repeat(16) as PeerId;

/** A room with a signalling server in memory, on a clock run by hand. */
export function createRoom(options: Partial<Omit<NetworkOptions, "clock">> = {}): Room {
  const clock = createFakeClock();
  const network = createNetwork({ clock, ...options });
  const members = new Map<PeerId, Member>();

  function tellAll(): void {
    if (!room.serverUp) return;
    for (const member of members.values()) member.mesh.roster([...members.keys()].filter((id) => id !== member.id));
  }

  const room: Room = {
    clock,
    network,
    members,
    serverUp: true,
    join(id, { onSent, ...deps } = {}) {
      const random = createRandom(["room", id, members.size]);
      const member: Omit<Member, "mesh"> = { id, messages: [], reachable: [], pending: [], beyond: [], outdated: [], dropped: [], tampered: [] };
      const mesh = createMesh({
        self: id,
        guard: createTestGuard(id),
        rtc: network.host(id),
        signal: {
          send(to, blob) {
            if (!room.serverUp) return false;
            room.blob(id, to, blob);
            return true;
          },
        },
        events: {
          onMessage: (from, bytes) => void member.messages.push({ from, bytes }),
          onReachable(reachable, pending, beyond) {
            member.reachable = reachable;
            member.pending = pending;
            member.beyond = beyond;
          },
          onOutdated: (other) => void member.outdated.push(other),
          onDropped: (other, error) => void member.dropped.push({ peer: other, error }),
          onTampered: (from, way) => void member.tampered.push({ from, way }),
          ...(onSent && { onSent }),
        },
        ice: { iceServers: [], relayOnly: false },
        clock,
        random: () => random.uniform(),
        ...deps,
      });
      const joined = Object.assign(member, { mesh });
      members.set(id, joined);
      tellAll();
      return joined;
    },
    leave(id) {
      members.delete(id);
      if (!room.serverUp) return;
      for (const member of members.values()) member.mesh.gone(id);
      tellAll();
    },
    blob(from, to, blob) {
      const copy = new Uint8Array(blob);
      clock.after(5, () => members.get(to)?.mesh.blob(from, copy));
    },
  };
  return room;
}
