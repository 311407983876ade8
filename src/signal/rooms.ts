import { bytesToHex } from "@noble/hashes/utils.js";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import type { SignalLimits } from "./limits.ts";
import { peerIdOfClaim } from "./protocol.ts";

export interface PeerName {
  readonly id: PeerId;
  readonly bytes: Uint8Array;
}

/** A socket as the rooms see it: both fields are theirs to set. */
export interface Member {
  room: object | null;
  peer: PeerName | null;
}

export interface Joined<M> {
  you: PeerName;
  others: Map<PeerId, M>;
  /** An older socket of the same claim, already out of the room. */
  replaced: M | null;
}

export interface Rooms<M extends Member> {
  readonly size: number;
  join(member: M, topic: Uint8Array, claim: Uint8Array): Joined<M> | "full" | "rooms";
  /** Those who remain in its room; nobody if it was in none. */
  leave(member: M): M[];
  /** A room-mate of `member`, never itself. */
  find(member: M, peer: PeerId): M | null;
}

export function createRooms<M extends Member>(limits: Pick<SignalLimits, "rooms" | "peersPerRoom">): Rooms<M> {
  const topics = new Map<string, Map<PeerId, M>>();
  const homes = new WeakMap<object, string>();
  const roomOf = (member: M): Map<PeerId, M> | null => member.room as Map<PeerId, M> | null;

  return {
    get size() {
      return topics.size;
    },
    join(member, topicBytes, claim) {
      const topic = bytesToHex(topicBytes);
      const id = peerIdOfClaim(claim);
      let room = topics.get(topic);
      if (!room && topics.size >= limits.rooms) return "rooms";
      const replaced = room?.get(id) ?? null;
      if (room && !replaced && room.size >= limits.peersPerRoom) return "full";
      if (!room) {
        room = new Map();
        topics.set(topic, room);
        homes.set(room, topic);
      }
      if (replaced) replaced.room = null;
      const others = new Map(room);
      others.delete(id);
      const you = { id, bytes: peerIdBytes(id) };
      member.room = room;
      member.peer = you;
      room.set(id, member);
      return { you, others, replaced };
    },
    leave(member) {
      const room = roomOf(member);
      member.room = null;
      if (!room || !member.peer) return [];
      room.delete(member.peer.id);
      const topic = homes.get(room);
      if (room.size === 0 && topic !== undefined) topics.delete(topic);
      return [...room.values()];
    },
    find(member, peer) {
      const other = roomOf(member)?.get(peer) ?? null;
      return other === member ? null : other;
    },
  };
}
