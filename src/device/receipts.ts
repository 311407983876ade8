import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import type { Certificate } from "../identity/certificate.ts";
import { SIGNATURE_BYTES } from "../identity/schnorr.ts";
import { endorsed, type Endorsement, endorsementsDue, encodeReceipt } from "../ledger/receipt.ts";
import type { Hash } from "../swarm/record.ts";
import type { Commit } from "../swarm/roll.ts";
import type { PeerId } from "../wire/ids.ts";
import type { EpochGuard } from "./guard.ts";

/** First byte of an endorsement, before the root and the signature. */
export const RECEIPT_BYTE = 0x43;
const ROOT_BYTES = 32;

const LIMITS = {
  /** Rounds whose endorsements may still come. */
  rounds: 4,
  /** Peers whose endorsement came before this device had committed the round. */
  early: 64,
} as const;

export interface ReceiptsDeps {
  self: PeerId;
  certificate: Certificate;
  P: Uint8Array;
  guard: Pick<EpochGuard, "sign" | "signedBy" | "known">;
  send(to: PeerId, bytes: Uint8Array<ArrayBuffer>): void;
  /** Two thirds of the group have endorsed the round. */
  onReceipt(receipt: Uint8Array<ArrayBuffer>): void;
}

/** Gives its group its word for each round's work, and collects theirs, under one pseudonym. */
export interface Receipts {
  /** @param group with whom this device summed in it */
  committed(commit: Commit, group: readonly PeerId[]): void;
  receive(from: PeerId, bytes: Uint8Array): void;
}

interface Open {
  commit: Commit;
  group: readonly PeerId[];
  message: Uint8Array;
  endorsements: Map<PeerId, Endorsement>;
}

export function createReceipts({ self, certificate, P, guard, send, onReceipt }: ReceiptsDeps): Receipts {
  const open = new Map<Hash, Open>();
  const early = new Map<PeerId, { root: Hash; signature: Uint8Array }>();

  function take(from: PeerId, root: Hash, signature: Uint8Array): void {
    const round = open.get(root);
    const known = guard.known(from);
    if (!round || !known || !round.group.includes(from) || round.endorsements.has(from)) return;
    if (!guard.signedBy(from, round.message, signature)) return; // of another group's sum, or a lie: worth nothing either way
    round.endorsements.set(from, { certificate: known.certificate, P: known.P, signature });
    settle(root, round);
  }

  function settle(root: Hash, { commit, group, endorsements }: Open): void {
    if (endorsements.size < endorsementsDue(group)) return;
    open.delete(root);
    onReceipt(encodeReceipt({ commit, group, endorsements: [...endorsements.values()] }));
  }

  return {
    committed(commit, group) {
      if (group.length < 2 || !group.includes(self)) return;
      const { root } = commit;
      const message = endorsed(root, group);
      const signature = guard.sign(message);
      open.set(root, { commit, group, message, endorsements: new Map([[self, { certificate, P, signature }]]) });
      for (const oldest of open.keys()) {
        if (open.size <= LIMITS.rounds) break;
        open.delete(oldest);
      }
      const bytes = concatBytes(Uint8Array.of(RECEIPT_BYTE), hexToBytes(root), signature) as Uint8Array<ArrayBuffer>;
      for (const peer of group) if (peer !== self) send(peer, bytes);
      for (const [from, said] of early) {
        if (said.root !== root) continue;
        early.delete(from);
        take(from, root, said.signature);
      }
    },
    receive(from, bytes) {
      if (bytes.length !== 1 + ROOT_BYTES + SIGNATURE_BYTES) return; // endorses nothing
      const root = bytesToHex(bytes.subarray(1, 1 + ROOT_BYTES));
      const signature = bytes.slice(1 + ROOT_BYTES);
      if (open.has(root)) return take(from, root, signature);
      early.delete(from);
      early.set(from, { root, signature });
      if (early.size > LIMITS.early) early.delete(early.keys().next().value!);
    },
  };
}
