import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { equalBytes } from "@noble/ciphers/utils.js";
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { IdentityError, misuse } from "./errors.ts";
import { concat, type Random, text } from "./suite.ts";

/** argon2id's cost (RFC 9106). */
export interface Cost {
  /** KiB. */
  memory: number;
  passes: number;
  lanes: number;
}

/** A second or two on a laptop, once in a device's life. */
export const DEFAULT_COST: Cost = { memory: 65_536, passes: 2, lanes: 1 };

/** Of a file from anywhere: not so little that guessing is cheap, not so much that opening stalls the device. */
export const COST_RANGE = {
  memory: [8_192, 262_144],
  passes: [1, 8],
  lanes: [1, 4],
} as const satisfies Record<keyof Cost, readonly [number, number]>;

export const MOST_SECRETS_BYTES = 1 << 20;

const MAGIC = text("hromada-keys");
const VERSION = 1;
const SALT_BYTES = 16;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
/** magic 12 ‖ version 1 ‖ memory u32 ‖ passes 1 ‖ lanes 1 ‖ salt 16 ‖ nonce 24. */
const COST_AT = MAGIC.length + 1;
const SALT_AT = COST_AT + 6;
const NONCE_AT = SALT_AT + SALT_BYTES;
const HEADER_BYTES = NONCE_AT + NONCE_BYTES;
/** How long hashing holds the thread before others get a turn, in milliseconds. */
const TURN = 10;

const inRange = (cost: Cost): boolean => (Object.keys(COST_RANGE) as (keyof Cost)[]).every((name) => cost[name] >= COST_RANGE[name][0] && cost[name] <= COST_RANGE[name][1]);

/** The same characters typed on another keyboard are the same passphrase (NFKC). */
const keyOf = (passphrase: string, salt: Uint8Array, { memory, passes, lanes }: Cost): Promise<Uint8Array> =>
  argon2idAsync(text(passphrase.normalize("NFKC")), salt, { m: memory, t: passes, p: lanes, dkLen: 32, asyncTick: TURN });

/**
 * A device's secrets under a passphrase: argon2id, then XChaCha20-Poly1305 with the header as associated data.
 * @param secrets at most 1 MiB.
 * @throws IdentityError `misuse`
 */
export async function exportKeyFile({ secrets, passphrase, random, cost = DEFAULT_COST }: { secrets: Uint8Array; passphrase: string; random: Random; cost?: Cost }): Promise<Uint8Array<ArrayBuffer>> {
  if (passphrase.length === 0) throw misuse("choose a passphrase");
  if (secrets.length > MOST_SECRETS_BYTES) throw misuse(`a key file holds at most ${MOST_SECRETS_BYTES} bytes`);
  if (!inRange(cost)) throw misuse("argon2id's cost is out of range");
  const [salt, nonce] = [random(SALT_BYTES), random(NONCE_BYTES)];
  const header = new Uint8Array(HEADER_BYTES);
  header.set(MAGIC);
  header[MAGIC.length] = VERSION;
  new DataView(header.buffer).setUint32(COST_AT, cost.memory);
  header[COST_AT + 4] = cost.passes;
  header[COST_AT + 5] = cost.lanes;
  header.set(salt, SALT_AT);
  header.set(nonce, NONCE_AT);
  const key = await keyOf(passphrase, salt, cost);
  return concat(header, xchacha20poly1305(key, nonce, header).encrypt(secrets));
}

/**
 * @returns the secrets.
 * @throws IdentityError `key-file` where these bytes are none or its cost is out of range, `key-file-version` for a newer
 * version's, `passphrase` where the passphrase is wrong or the file is damaged: the two cannot be told apart.
 */
export async function importKeyFile({ bytes, passphrase }: { bytes: Uint8Array; passphrase: string }): Promise<Uint8Array> {
  const most = HEADER_BYTES + MOST_SECRETS_BYTES + TAG_BYTES;
  if (bytes.length < HEADER_BYTES + TAG_BYTES || bytes.length > most || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) {
    throw new IdentityError("key-file", "this is not a key file: choose the one that was exported here");
  }
  if (bytes[MAGIC.length] !== VERSION) throw new IdentityError("key-file-version", "this key file is of another version: update first");
  const header = bytes.subarray(0, HEADER_BYTES);
  const cost: Cost = { memory: new DataView(header.buffer, header.byteOffset).getUint32(COST_AT), passes: header[COST_AT + 4]!, lanes: header[COST_AT + 5]! };
  if (!inRange(cost)) throw new IdentityError("key-file", "this key file asks for an unreasonable amount of work: it is damaged or not ours");
  const key = await keyOf(passphrase, header.subarray(SALT_AT, NONCE_AT), cost);
  try {
    return xchacha20poly1305(key, header.subarray(NONCE_AT), header).decrypt(bytes.subarray(HEADER_BYTES));
  } catch {
    throw new IdentityError("passphrase", "the passphrase is wrong, or the file is damaged");
  }
}
