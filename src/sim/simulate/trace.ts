import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { Hash } from "../../swarm/record.ts";

/** SHA-256 over what happened and what was decided, in whole numbers and hashes only: one seed, one trace. */
export interface Trace {
  event(at: number, kind: number, a: number, b: number, size: number): void;
  decision(device: number, round: number, root: Hash): void;
  readonly events: number;
  end(): Hash;
}

const EVENT_BYTES = 24;
const ROOT_BYTES = 8 + 32;

export function createTrace(): Trace {
  const digest = sha256.create();
  const bytes = new Uint8Array(1 << 16);
  const view = new DataView(bytes.buffer);
  let filled = 0;
  let events = 0;

  function room(size: number): number {
    if (filled + size > bytes.length) {
      digest.update(bytes.subarray(0, filled));
      filled = 0;
    }
    filled += size;
    return filled - size;
  }

  return {
    event(at, kind, a, b, size) {
      events++;
      const place = room(EVENT_BYTES);
      view.setFloat64(place, at);
      view.setInt32(place + 8, kind);
      view.setInt32(place + 12, a);
      view.setInt32(place + 16, b);
      view.setInt32(place + 20, size);
    },
    decision(device, round, root) {
      const place = room(ROOT_BYTES);
      view.setInt32(place, device);
      view.setInt32(place + 4, round);
      bytes.set(hexToBytes(root), place + 8);
    },
    get events() {
      return events;
    },
    end: () => bytesToHex(digest.update(bytes.subarray(0, filled)).digest()),
  };
}
