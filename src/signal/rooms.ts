import { bytesToHex } from "@noble/hashes/utils.js";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import type { SignalLimits } from "./limits.ts";
import { createNews, type Change, type News } from "./news.ts";
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
  others: PeerName[];
  /** An older socket of the same claim, already out of the room. */
  replaced: M | null;
}

export interface Rooms<M extends Member> {
  readonly size: number;
  join(member: M, topic: Uint8Array, claim: Uint8Array): Joined<M> | "full" | "rooms";
  /** Its room-mates hear that it has joined, unless it is another socket of one who is there. */
  welcome(member: M): void;
  /** Those who remain in its room hear of it. */
  leave(member: M): void;
  /** A room-mate of `member`, never itself, that has heard of it. */
  find(member: M, peer: PeerId): M | null;
}

interface Room<M extends Member> {
  topic: string;
  members: Map<PeerId, M>;
  news: News<M>;
}

/** @param say tells some in a room who came and who left */
export function createRooms<M extends Member>(limits: Pick<SignalLimits, "rooms" | "peersPerRoom" | "newsAtOnce" | "newsMs" | "newsTogether">, say: (members: readonly M[], change: Change) => void): Rooms<M> {
  const rooms = new Map<string, Room<M>>();
  const roomOf = (member: M): Room<M> | null => member.room as Room<M> | null;

  return {
    get size() {
      return rooms.size;
    },
    join(member, topicBytes, claim) {
      const topic = bytesToHex(topicBytes);
      const id = peerIdOfClaim(claim);
      let room = rooms.get(topic);
      if (!room && rooms.size >= limits.rooms) return "rooms";
      const replaced = room?.members.get(id) ?? null;
      if (room && !replaced && room.members.size >= limits.peersPerRoom) return "full";
      if (!room) rooms.set(topic, (room = { topic, members: new Map(), news: createNews(limits, say) }));
      const others = [...room.members.values()].flatMap(({ peer }) => (peer && peer.id !== id ? [peer] : []));
      const you = { id, bytes: peerIdBytes(id) };
      Object.assign(member, { room, peer: you });
      room.members.set(id, member);
      if (replaced) {
        replaced.room = null;
        room.news.replaced(replaced, member);
      }
      return { you, others, replaced };
    },
    welcome(member) {
      if (member.peer) roomOf(member)?.news.came(member, member.peer);
    },
    leave(member) {
      const room = roomOf(member);
      member.room = null;
      if (!room || !member.peer) return;
      room.members.delete(member.peer.id);
      if (room.members.size === 0) rooms.delete(room.topic);
      room.news.gone(member, member.peer);
    },
    find(member, peer) {
      const room = roomOf(member);
      const other = room?.members.get(peer) ?? null;
      if (other === member || other === null) return null;
      room!.news.tell(other);
      return other;
    },
  };
}
