import { concatBytes } from "@noble/hashes/utils.js";
import { CERTIFICATE_BYTES, encodeCertificate } from "../identity/certificate.ts";
import { POINT_BYTES } from "../identity/suite.ts";
import { MeshError } from "../mesh/errors.ts";
import { PEER_ID_BYTES, peerIdBytes, peerIdOf, type PeerId } from "../wire/ids.ts";
import type { EpochGuard, Known } from "./guard.ts";

/** First byte of what goes to one peer, beside the channels' (channels.ts). */
const KIND = { ask: 4, answer: 5 } as const;
const SHOWN_BYTES = CERTIFICATE_BYTES + POINT_BYTES;

export const ACQUAINTANCE_LIMITS = {
  /** Certificates in one question or answer. */
  atOnce: 256,
  /** Certificates shown to one peer in an epoch: the source of a question is not proven, and the answer is longer than it. */
  shown: 2_048,
  /** … for so many peers that is remembered. */
  askers: 1_024,
  /** Messages that wait for certificates; and how long a question waits, in milliseconds. Nobody is asked about the same sooner again. */
  waiting: 256,
  /** Questions of others that one waits for, one after another. */
  turns: 3,
  patience: 3_000,
  /** … in which it is put again so often, for it, or the answer, may be lost on the way. */
  again: 1_000,
} as const;

/**
 * In a large room a device does not hear everybody (mesh/topology.ts), and has to be shown the certificates of those
 * whose words are handed to it, and of those it has something to say to: by themselves, or by whoever handed them on and
 * has checked them.
 */
export interface Acquaintance {
  /** Asks `whom` for the certificates of these; resolves once it has answered, or has not in time. */
  ask(whom: PeerId, about: readonly PeerId[]): Promise<void>;
  /** Whether it is for this. */
  isFor(bytes: Uint8Array): boolean;
  receive(from: PeerId, bytes: Uint8Array): void;
  close(): void;
}

export interface AcquaintanceDeps {
  self: PeerId;
  own: Known;
  guard: Pick<EpochGuard, "met" | "shown" | "refusals">;
  now(): number;
  /** @throws MeshError */
  transmit(to: PeerId, parts: readonly Uint8Array[]): Promise<void>;
}

interface Question {
  about: ReadonlySet<PeerId>;
  answered: () => void;
}

const name = (whom: PeerId, about: PeerId): string => `${whom} ${about}`;

const encodeKnown = ({ certificate, P }: Known): Uint8Array => concatBytes(encodeCertificate(certificate), P);

export function createAcquaintance({ self, own, guard, now, transmit }: AcquaintanceDeps): Acquaintance {
  /** By whom they were put to, one at a time. */
  const questions = new Map<PeerId, Question>();
  /** What those who were asked, and those who were asked about, are waited for. */
  const pending = new Map<PeerId, Promise<void>>();
  /** When whom was asked about whom. */
  const asked = new Map<string, number>();
  const shown = new Map<PeerId, number>();
  let waiting = 0;
  let closed = false;

  function answer(to: PeerId, about: readonly PeerId[]): void {
    const left = ACQUAINTANCE_LIMITS.shown - (shown.get(to) ?? 0);
    const known = about.slice(0, Math.max(0, left)).flatMap((peer) => (peer === self ? own : (guard.met(peer) ?? [])));
    shown.set(to, (shown.get(to) ?? 0) + known.length);
    if (shown.size > ACQUAINTANCE_LIMITS.askers) shown.delete(shown.keys().next().value!);
    if (known.length > 0) transmit(to, [Uint8Array.of(KIND.answer), ...known.map(encodeKnown)]).catch(unsent);
  }

  /** Cut into equal parts; null of anything else. */
  function parts(bytes: Uint8Array, size: number): Uint8Array[] | null {
    const count = bytes.length / size;
    if (!Number.isInteger(count) || count > ACQUAINTANCE_LIMITS.atOnce) return null;
    return Array.from({ length: count }, (_, index) => bytes.subarray(size * index, size * (index + 1)));
  }

  function question(from: PeerId, bytes: Uint8Array): boolean {
    const ids = parts(bytes.subarray(SHOWN_BYTES), PEER_ID_BYTES);
    if (ids === null || show(bytes.subarray(0, SHOWN_BYTES), new Set([from])) === null) return false;
    answer(from, ids.map(peerIdOf));
    return true;
  }

  function answered(from: PeerId, bytes: Uint8Array): boolean {
    const certificates = parts(bytes, SHOWN_BYTES);
    if (certificates === null || certificates.length === 0) return false;
    const question = questions.get(from);
    // To an earlier question too: it came late, or twice, for the question was put twice.
    const about = { has: (peer: PeerId) => question?.about.has(peer) || asked.has(name(from, peer)) };
    const whose = certificates.map((certificate) => show(certificate, about));
    if (whose.some((peer) => peer !== null && question?.about.has(peer))) question?.answered();
    return !whose.includes(null);
  }

  const show = (bytes: Uint8Array, about: Parameters<EpochGuard["shown"]>[2]): PeerId | null => (bytes.length === SHOWN_BYTES ? guard.shown(bytes.subarray(0, CERTIFICATE_BYTES), bytes.slice(CERTIFICATE_BYTES), about) : null);

  function put(whom: PeerId, about: readonly PeerId[]): Promise<void> {
    return new Promise((resolve) => {
      const say = (): void => void transmit(whom, [Uint8Array.of(KIND.ask), encodeKnown(own), ...about.map(peerIdBytes)]).catch(unsent);
      const answered = (): void => {
        clearTimeout(timer);
        clearInterval(repeat);
        questions.delete(whom);
        resolve();
      };
      const timer = setTimeout(answered, ACQUAINTANCE_LIMITS.patience);
      const repeat = setInterval(say, ACQUAINTANCE_LIMITS.again);
      questions.set(whom, { about: new Set(about), answered });
      say();
    });
  }

  async function ask(whom: PeerId, about: readonly PeerId[]): Promise<void> {
    const unknown = (): PeerId[] => [...new Set(about)].filter((peer) => peer !== self && guard.met(peer) === null);
    // What is asked already, of this one or of another; without a pause where nothing is, so that nobody comes in between.
    for (let turn = 0; turn < ACQUAINTANCE_LIMITS.turns; turn++) {
      const before = [whom, ...unknown()].flatMap((peer) => pending.get(peer) ?? []);
      if (before.length === 0) break;
      await Promise.all(before);
    }
    const news = unknown().filter((peer) => now() - (asked.get(name(whom, peer)) ?? -Infinity) >= ACQUAINTANCE_LIMITS.patience).slice(0, ACQUAINTANCE_LIMITS.atOnce);
    if (closed || news.length === 0 || questions.has(whom)) return;
    if (asked.size > ACQUAINTANCE_LIMITS.shown) asked.clear();
    for (const peer of news) asked.set(name(whom, peer), now());
    const answer = put(whom, news);
    for (const peer of [whom, ...news]) pending.set(peer, answer);
    await answer;
    for (const peer of [whom, ...news]) if (pending.get(peer) === answer) pending.delete(peer);
  }

  return {
    async ask(whom, about) {
      if (waiting >= ACQUAINTANCE_LIMITS.waiting) return;
      waiting++;
      await ask(whom, about).finally(() => void waiting--);
    },
    isFor: (bytes) => bytes[0] === KIND.ask || bytes[0] === KIND.answer,
    receive(from, bytes) {
      const fine = bytes[0] === KIND.ask ? question(from, bytes.subarray(1)) : answered(from, bytes.subarray(1));
      if (!fine) guard.refusals.forged++;
    },
    close() {
      closed = true;
      for (const { answered: end } of [...questions.values()]) end();
    },
  };
}

/** It is asked for again with the next word. */
function unsent(error: unknown): void {
  if (!(error instanceof MeshError)) throw error;
}
