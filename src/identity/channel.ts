import { equalBytes } from "@noble/ciphers/utils.js";
import { expand } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { IdentityError, misuse, refused } from "./errors.ts";
import { CHAIN_BYTES, CHANNEL_ID_BYTES, type ChannelSecrets } from "./handshake.ts";
import { concat, T, text } from "./suite.ts";

/** channel id 8 ‖ counter u32. */
const HEADER_BYTES = CHANNEL_ID_BYTES + 4;
const TAG_BYTES = 16;
export const CHANNEL_OVERHEAD = HEADER_BYTES + TAG_BYTES;

/** Messages may overtake one another by so many. */
export const CHANNEL_WINDOW = 64;
const LAST_COUNTER = 0xffff_ffff;

/** Bulk data between two devices: AES-256-GCM by WebCrypto, a key a message, each forgotten after it. */
export interface Channel {
  readonly id: Uint8Array;
  /**
   * The message in two parts, without a copy of the ciphertext: channel id 8 ‖ counter u32, then ciphertext and tag.
   * @throws IdentityError `misuse` when closed or used up.
   */
  sealParts(bytes: Uint8Array, aad: Uint8Array): Promise<[header: Uint8Array, ciphertext: Uint8Array<ArrayBuffer>]>;
  /** The parts as one message, at the cost of that copy. */
  seal(bytes: Uint8Array, aad: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * In any order within a window of 64; every counter is taken once, and a forged message takes none.
   * @throws IdentityError `refused` for every fault there can be.
   */
  open(message: Uint8Array, aad: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  /** Forgets the keys. */
  close(): void;
}

interface MessageKey {
  key: Uint8Array<ArrayBuffer>;
  iv: Uint8Array<ArrayBuffer>;
}

/** One direction's chain (HKDF-Expand, RFC 5869): what was derived cannot be derived again once `step` has gone on. */
function createChain(start: Uint8Array): { step(): MessageKey; wipe(): void } {
  const info = text("chain|key|iv");
  const current = start.slice();
  return {
    step() {
      const okm = expand(sha512, current, info, CHAIN_BYTES + 32 + 12);
      current.set(okm.subarray(0, CHAIN_BYTES));
      const message = { key: okm.slice(CHAIN_BYTES, CHAIN_BYTES + 32), iv: okm.slice(CHAIN_BYTES + 32) };
      okm.fill(0);
      return message;
    },
    wipe: () => void current.fill(0),
  };
}

export function createChannel({ subtle, secrets }: { subtle: SubtleCrypto; secrets: ChannelSecrets }): Channel {
  const { id } = secrets;
  const sending = createChain(secrets.send);
  const receiving = createChain(secrets.receive);
  /** Keys derived and not yet used, by counter: at most the window behind and the window ahead. */
  const waiting = new Map<number, MessageKey>();
  let sent = 0;
  let derived = 0;
  /** One past the highest counter that was authentic. */
  let next = 0;
  let closed = false;

  /** A forged counter derives keys, but neither moves the window nor uses one up. */
  function keyFor(counter: number): MessageKey | undefined {
    if (counter >= next + CHANNEL_WINDOW) return undefined;
    for (; derived <= counter; derived++) waiting.set(derived, receiving.step());
    return waiting.get(counter);
  }

  function taken(counter: number): void {
    waiting.get(counter)?.key.fill(0);
    waiting.delete(counter);
    next = Math.max(next, counter + 1);
    for (const old of waiting.keys()) if (old < next - CHANNEL_WINDOW) waiting.delete(old);
  }

  async function sealParts(bytes: Uint8Array, aad: Uint8Array): Promise<[Uint8Array, Uint8Array<ArrayBuffer>]> {
    if (closed) throw misuse("the channel is closed: open a new one");
    if (sent > LAST_COUNTER) throw misuse("the channel is used up: open a new one");
    const { key, iv } = sending.step();
    const header = new Uint8Array(HEADER_BYTES);
    header.set(id);
    new DataView(header.buffer).setUint32(CHANNEL_ID_BYTES, sent++);
    const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
    key.fill(0);
    return [header, new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv, additionalData: T(header, aad) }, imported, plain(bytes)))];
  }

  return {
    id,
    sealParts,
    seal: async (bytes, aad) => concat(...(await sealParts(bytes, aad))),
    async open(message, aad) {
      if (closed || message.length < CHANNEL_OVERHEAD || !equalBytes(message.subarray(0, CHANNEL_ID_BYTES), id)) throw refused();
      const counter = new DataView(message.buffer, message.byteOffset, message.length).getUint32(CHANNEL_ID_BYTES);
      const found = keyFor(counter);
      if (found === undefined) throw refused();
      // A copy: another message of this counter may be taken, and its key wiped, in the meantime.
      const imported = await subtle.importKey("raw", found.key.slice(), "AES-GCM", false, ["decrypt"]);
      const algorithm = { name: "AES-GCM", iv: found.iv, additionalData: T(message.subarray(0, HEADER_BYTES), aad) };
      let bytes: ArrayBuffer;
      try {
        bytes = await subtle.decrypt(algorithm, imported, plain(message.subarray(HEADER_BYTES)));
      } catch (error) {
        // WebCrypto's one error for a tag that does not fit (W3C WebCrypto, 29.4.2).
        if (error instanceof Error && error.name === "OperationError") throw refused();
        throw error;
      }
      // Only now, and in one step with taking it: of two with one counter one is let in.
      if (closed || waiting.get(counter) !== found) throw refused();
      taken(counter);
      return new Uint8Array(bytes);
    },
    close() {
      closed = true;
      for (const { key } of waiting.values()) key.fill(0);
      waiting.clear();
      sending.wipe();
      receiving.wipe();
    },
  };
}

/** WebCrypto takes no view of shared memory; the type alone does not say which this is. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!(bytes.buffer instanceof ArrayBuffer)) throw new IdentityError("misuse", "copy shared memory before sealing it");
  return bytes as Uint8Array<ArrayBuffer>;
}
