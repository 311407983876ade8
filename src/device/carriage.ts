import { bytesToHex } from "@noble/hashes/utils.js";
import { LIMITS } from "../identity/committee/limits.ts";
import type { Random } from "../identity/suite.ts";
import type { PeerId } from "../wire/ids.ts";
import { NOBODY, TAG_BYTES, type RegistryMessage } from "./registry-wire.ts";

export const CARRIAGE_LIMITS = {
  /** How long an answer is waited for, in milliseconds: an open request is made again … */
  answer: 5_000,
  /** … a sealed one is not, for its token is spent: as long as the signature that it is for. */
  sealed: LIMITS.answerAtMost,
  /** Requests of others under way at one time. */
  carried: 256,
} as const;

export interface CarriageDeps {
  self: PeerId;
  random: Random;
  /** Between 0 and 1. */
  chance(): number;
  /** Peers that could carry something. */
  reachable(): readonly PeerId[];
  send(to: PeerId, message: RegistryMessage): void;
  /** This device's own answer as a member, null where it has none. */
  answer(via: PeerId, device: PeerId, request: Uint8Array): Uint8Array | null;
}

/** Requests to members of the committee that go over another peer, and those that this device carries for others. */
export interface Carriage {
  /** Over a peer drawn by chance; open, in this device's name, or sealed, in nobody's. @returns null where no answer came in time. */
  over(member: PeerId, request: Uint8Array, open: boolean): Promise<Uint8Array | null>;
  /** Carries a request; in the name of `device`, or in nobody's. */
  carry(member: PeerId, device: PeerId, request: Uint8Array): Promise<Uint8Array | null>;
  receive(from: PeerId, message: RegistryMessage): void;
  close(): void;
}

export function createCarriage({ self, random, chance, reachable, send, answer }: CarriageDeps): Carriage {
  const waiting = new Map<string, { from: PeerId; resolve: (bytes: Uint8Array | null) => void }>();
  const timers = new Set<ReturnType<typeof setTimeout>>();

  function answerTo(tag: Uint8Array, from: PeerId, open: boolean): Promise<Uint8Array | null> {
    const name = bytesToHex(tag);
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(null), open ? CARRIAGE_LIMITS.answer : CARRIAGE_LIMITS.sealed);
      timers.add(timer);
      const done = (bytes: Uint8Array | null): void => {
        clearTimeout(timer);
        timers.delete(timer);
        waiting.delete(name);
        resolve(bytes);
      };
      waiting.set(name, { from, resolve: done });
    });
  }

  function carry(member: PeerId, device: PeerId, request: Uint8Array): Promise<Uint8Array | null> {
    if (member === self) return Promise.resolve(answer(self, device, request));
    if (waiting.size >= CARRIAGE_LIMITS.carried) return Promise.resolve(null);
    const tag = random(TAG_BYTES);
    send(member, { kind: "carried", tag, device, body: request });
    return answerTo(tag, member, device !== NOBODY);
  }

  return {
    carry,
    over(member, request, open) {
      const carriers = reachable().filter((peer) => peer !== member);
      const carrier = carriers[Math.floor(chance() * carriers.length)];
      if (carrier === undefined) return Promise.resolve(null);
      const tag = random(TAG_BYTES);
      send(carrier, { kind: "carry", peer: member, tag, open, body: request });
      return answerTo(tag, carrier, open);
    },
    receive(from, { kind, peer, tag, device, open, body }) {
      switch (kind) {
        case "carry":
          void carry(peer!, open ? from : NOBODY, body).then((bytes) => {
            if (bytes !== null) send(from, { kind: "returned", tag: tag!, body: bytes });
          });
          return;
        case "carried": {
          const bytes = answer(from, device!, body);
          if (bytes !== null) send(from, { kind: "answered", tag: tag!, body: bytes });
          return;
        }
        case "answered":
        case "returned": {
          const request = waiting.get(bytesToHex(tag!));
          if (request?.from === from) request.resolve(body);
          return;
        }
        default:
          return;
      }
    },
    close() {
      for (const { resolve } of [...waiting.values()]) resolve(null);
      timers.forEach(clearTimeout);
    },
  };
}
