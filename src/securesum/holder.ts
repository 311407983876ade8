import { SumError } from "./errors.ts";
import type { ShamirKernel } from "./kernel.ts";
import { DEALING_BYTES, MOST_DEVICES, type Group } from "./params.ts";
import { contextBytes, type Context } from "./randomness.ts";
import { eraseRows, readRow, sumDealings } from "./shamir.ts";
import { PEER_ID_BYTES, peerIdBytes, type PeerId } from "../wire/ids.ts";

/** A device of U. */
export interface Entry {
  id: PeerId;
  /** SHA-256 of its ciphertext, 32 bytes. */
  ciphertext: Uint8Array;
  /** SHA-256 over its dealings to all holders, 32 bytes. */
  dealing: Uint8Array;
}

const HASH_BYTES = 32;
const ENTRY_BYTES = PEER_ID_BYTES + 2 * HASH_BYTES;

/** What holders sign: the context, and the entries, ascending by id. @throws SumError `malformed` */
export function encodeSet(context: Context, entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const head = contextBytes(context);
  const bytes = new Uint8Array(head.length + entries.length * ENTRY_BYTES);
  bytes.set(head);
  entries.forEach(({ id, ciphertext, dealing }, index) => {
    if (index > 0 && entries[index - 1]!.id >= id) throw new SumError("malformed", "a set whose devices are not strictly ascending", index);
    if (ciphertext.length !== HASH_BYTES || dealing.length !== HASH_BYTES) throw new SumError("malformed", `a set with a hash that is not ${HASH_BYTES} bytes`, index);
    const at = head.length + index * ENTRY_BYTES;
    bytes.set(peerIdBytes(id), at);
    bytes.set(ciphertext, at + PEER_ID_BYTES);
    bytes.set(dealing, at + PEER_ID_BYTES + HASH_BYTES);
  });
  return bytes;
}

/** A share holder's part in one attempt at a round's sum: it signs one U, and releases its share of that sum only. */
export interface Holder {
  /**
   * Keeps what a device dealt to this holder.
   * @param hash over its dealings to all holders
   * @throws SumError `malformed`; `unknown-dealing` for a second dealing or one after U was signed
   */
  take(dealer: PeerId, dealing: Uint8Array, hash: Uint8Array): void;
  /** Keeps a device out of U: it is audited, or the degree test convicted it. @throws SumError `audited` once U is signed */
  leaveOut(dealer: PeerId): void;
  /**
   * Checks U and binds this holder to it.
   * @returns the bytes to sign
   * @throws SumError `malformed`, `too-few`, `audited`, `unknown-dealing`; `second-set` if another was signed
   */
  sign(entries: readonly Entry[]): Uint8Array<ArrayBuffer>;
  /**
   * This holder's share of the sum over U.
   * @param signers holders, from 0, whose signatures under these very bytes the caller has checked
   * @throws SumError `short-of-quorum`; `reused-key` once erased
   */
  release(signers: ReadonlySet<number>): Uint8Array<ArrayBuffer>;
  /** At the round's end, however it ended. */
  erase(): void;
}

export function createHolder({ shamir, context, group }: { shamir: ShamirKernel; context: Context; group: Group }): Holder {
  const dealings = new Map<PeerId, { bytes: Uint8Array; hash: Uint8Array }>();
  const out = new Set<PeerId>();
  let erased = false;
  let signed: { bytes: Uint8Array<ArrayBuffer>; ids: readonly PeerId[] } | null = null;

  return {
    take(dealer, dealing, hash) {
      if (signed || erased) throw new SumError("unknown-dealing", `${dealer} dealt after U was signed`);
      if (dealings.has(dealer)) throw new SumError("unknown-dealing", `${dealer} dealt before in this attempt`);
      readRow(shamir, 0, dealing, DEALING_BYTES);
      eraseRows(shamir, 1);
      dealings.set(dealer, { bytes: dealing.slice(), hash: hash.slice() });
    },
    leaveOut(dealer) {
      if (signed?.ids.includes(dealer)) throw new SumError("audited", `${dealer} is in the U that was signed; audits come before`);
      out.add(dealer);
    },
    sign(entries) {
      const bytes = encodeSet(context, entries);
      if (signed) {
        if (!equal(bytes, signed.bytes)) throw new SumError("second-set", "another U was signed in this attempt; their difference would be somebody's key");
        return signed.bytes;
      }
      if (entries.length < group.least || entries.length > MOST_DEVICES) throw new SumError("too-few", `U has ${entries.length} devices; from ${group.least} to ${MOST_DEVICES} are allowed`);
      entries.forEach(({ id, dealing }, index) => {
        if (out.has(id)) throw new SumError("audited", `${id} is to be left out of U`, index);
        const own = dealings.get(id);
        if (!own || !equal(own.hash, dealing)) throw new SumError("unknown-dealing", `${id} did not deal that to this holder`, index);
      });
      signed = { bytes, ids: entries.map(({ id }) => id) };
      return bytes;
    },
    release(signers) {
      if (erased) throw new SumError("reused-key", "this holder's dealings are erased: the attempt is over");
      const count = [...signers].filter((holder) => Number.isInteger(holder) && holder >= 0 && holder < group.holders).length;
      if (!signed || count < group.quorum) throw new SumError("short-of-quorum", `U has ${signed ? count : 0} signatures where ${group.quorum} are needed`);
      try {
        return sumDealings(shamir, signed.ids.map((id) => dealings.get(id)!.bytes));
      } finally {
        eraseRows(shamir, signed.ids.length);
      }
    },
    erase() {
      for (const { bytes } of dealings.values()) bytes.fill(0);
      dealings.clear();
      erased = true;
    },
  };
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
