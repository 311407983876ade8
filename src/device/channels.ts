import { equalBytes } from "@noble/ciphers/utils.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { type Channel, createChannel } from "../identity/channel.ts";
import { IdentityError } from "../identity/errors.ts";
import { answerChannel, CHANNEL_ID_BYTES, type ChannelSecrets, completeChannel, offerChannel, type PendingChannel } from "../identity/handshake.ts";
import type { FullKey } from "../identity/keys.ts";
import type { Random } from "../identity/suite.ts";
import { MeshError } from "../mesh/errors.ts";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { peerIdOfCertificate } from "./credential.ts";
import type { EpochGuard } from "./guard.ts";
import type { SentLabel } from "./sent-log.ts";

/** First byte of what goes to one peer. */
const KIND = { offer: 1, answer: 2, data: 3 } as const;

export const CHANNEL_LIMITS = {
  /** An offer that is not answered is made again after this long, in milliseconds. */
  offerAgain: 2_000,
  /** … and given up after this long. */
  offerAtMost: 10_000,
  /** Channels with one peer: each side may open one, and lose one. */
  perPeer: 4,
  /** Data that came before the answer that opens it. */
  early: 64,
} as const;

/** Confidential and authentic messages to one peer each, over a mesh that promises neither. */
export interface Channels {
  /** Opens a channel where there is none. Sent, not received, when it resolves. @throws MeshError */
  send(to: PeerId, bytes: Uint8Array, signal: AbortSignal, label: SentLabel): Promise<void>;
  /** What came for this device alone. */
  receive(from: PeerId, bytes: Uint8Array): void;
  close(): void;
}

export interface ChannelsDeps {
  self: PeerId;
  key: FullKey;
  guard: EpochGuard;
  random: Random;
  transmit(to: PeerId, parts: readonly Uint8Array[], signal: AbortSignal, label: SentLabel): Promise<void>;
  /** Asks a peer that has not shown its certificate yet for it. */
  meet(peer: PeerId): Promise<void>;
  onMessage(from: PeerId, bytes: Uint8Array<ArrayBuffer>): void;
}

interface Entry {
  /** By channel id, oldest first. */
  channels: Map<string, Channel>;
  /** The last offer made, until it is answered: also when the other side's offer was quicker. */
  pending: PendingChannel | null;
  /** The last offer answered: it may be repeated, for answers get lost. */
  answered: { offer: Uint8Array; answer: Uint8Array } | null;
  opening: Promise<Channel> | null;
  opened: ((channel: Channel) => void) | null;
  early: Uint8Array[];
  /** Opened in the order in which they came. */
  reading: Promise<void>;
}

export function createChannels({ self, key, guard, random, transmit, meet, onMessage }: ChannelsDeps): Channels {
  const entries = new Map<PeerId, Entry>();
  const closing = new AbortController();
  const aad = guard.aad("unicast");
  const between = (from: PeerId, to: PeerId): Uint8Array => guard.aad("bulk", peerIdBytes(from), peerIdBytes(to));

  const issuerOf = (peer: PeerId): Uint8Array => guard.met(peer)?.P ?? key.P;

  function entryOf(peer: PeerId): Entry {
    let entry = entries.get(peer);
    if (!entry) entries.set(peer, (entry = { channels: new Map(), pending: null, answered: null, opening: null, opened: null, early: [], reading: Promise.resolve() }));
    return entry;
  }

  function add(entry: Entry, secrets: ChannelSecrets): Channel {
    const channel = createChannel({ subtle: crypto.subtle, secrets });
    entry.channels.set(bytesToHex(secrets.id), channel);
    for (const [id, oldest] of entry.channels) {
      if (entry.channels.size <= CHANNEL_LIMITS.perPeer) break;
      oldest.close();
      entry.channels.delete(id);
    }
    entry.opened?.(channel);
    return channel;
  }

  const handshake = (to: PeerId, kind: number, bytes: Uint8Array): Promise<void> => transmit(to, [Uint8Array.of(kind), bytes], closing.signal, "handshake");

  /** The newest channel with this peer, or one that is being opened. */
  function channelTo(to: PeerId): Promise<Channel> | Channel {
    const entry = entryOf(to);
    const newest = [...entry.channels.values()].at(-1);
    if (newest) return newest;
    entry.opening ??= open(to, entry).finally(() => {
      entry.opening = entry.opened = null;
    });
    return entry.opening;
  }

  async function open(to: PeerId, entry: Entry): Promise<Channel> {
    if (guard.met(to) === null) await meet(to);
    const known = guard.met(to);
    if (!known) throw new MeshError("unreachable", `${to} has not shown its certificate yet; send again when it has spoken`);
    const { bytes, pending } = offerChannel({ from: key, to: known.certificate, toIssuer: known.P, aad, random });
    entry.pending = pending;
    const channel = new Promise<Channel>((resolve) => (entry.opened = resolve));
    for (let waited = 0; waited < CHANNEL_LIMITS.offerAtMost; waited += CHANNEL_LIMITS.offerAgain) {
      await handshake(to, KIND.offer, bytes);
      const found = await within(channel, CHANNEL_LIMITS.offerAgain, closing.signal);
      if (found) return found;
      if (closing.signal.aborted) throw new MeshError("closed", "the device has left");
    }
    throw new MeshError("timeout", `${to} does not answer the offer of a channel`);
  }

  function answer(from: PeerId, offer: Uint8Array): void {
    const entry = entryOf(from);
    if (entry.answered && equalBytes(entry.answered.offer, offer)) return void handshake(from, KIND.answer, entry.answered.answer).catch(unreachable);
    const answered = answerChannel({ self: key, bytes: offer, aad, P: issuerOf(from), accept: guard.accept, random });
    // Signed by its maker, whatever the way it came.
    if (peerIdOfCertificate(answered.from) !== from) return;
    entry.answered = { offer, answer: answered.bytes };
    add(entry, answered.secrets);
    handshake(from, KIND.answer, answered.bytes).catch(unreachable);
  }

  function complete(from: PeerId, bytes: Uint8Array): void {
    const entry = entryOf(from);
    if (!entry.pending) return;
    const secrets = completeChannel(entry.pending, { bytes, aad, P: issuerOf(from), accept: guard.accept, random });
    entry.pending = null;
    add(entry, secrets);
    for (const message of entry.early.splice(0)) read(from, message);
  }

  function read(from: PeerId, message: Uint8Array): void {
    const entry = entryOf(from);
    const channel = entry.channels.get(bytesToHex(message.subarray(0, CHANNEL_ID_BYTES)));
    if (!channel) {
      // The answer is on its way, by another link perhaps.
      if (entry.pending && entry.early.length < CHANNEL_LIMITS.early) entry.early.push(message);
      return;
    }
    entry.reading = entry.reading.then(async () => {
      try {
        const bytes = await channel.open(message, between(from, self));
        if (!closing.signal.aborted) onMessage(from, bytes);
      } catch (error) {
        if (!(error instanceof IdentityError)) throw error;
        guard.refusals.forged++;
      }
    });
  }

  return {
    async send(to, bytes, signal, label) {
      const channel = await channelTo(to);
      const sealed = await channel.sealParts(bytes, between(self, to));
      await transmit(to, [Uint8Array.of(KIND.data), ...sealed], signal, label);
    },
    receive(from, bytes) {
      const rest = bytes.subarray(1);
      try {
        if (bytes[0] === KIND.data) read(from, rest);
        else if (bytes[0] === KIND.offer) answer(from, rest);
        else if (bytes[0] === KIND.answer) complete(from, rest);
        else guard.refusals.forged++;
      } catch (error) {
        if (!(error instanceof IdentityError)) throw error;
        guard.refusals.forged++;
      }
    },
    close() {
      closing.abort();
      for (const { channels } of entries.values()) for (const channel of channels.values()) channel.close();
      entries.clear();
    },
  };
}

/** The other side offers again if it still wants to. */
function unreachable(error: unknown): void {
  if (!(error instanceof MeshError)) throw error;
}

/** The value, or null when it takes longer or is given up. */
function within<R>(value: Promise<R>, ms: number, signal: AbortSignal): Promise<R | null> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve(null);
    };
    const timer = setTimeout(stop, ms);
    signal.addEventListener("abort", stop, { once: true });
    value.then((found) => (resolve(found), stop()), reject);
  });
}
