import type { Manifest } from "../coding/manifest.ts";
import type { PeerId } from "../wire/ids.ts";
import type { HeadNote, Holdings, ObjectId, WantManifest, WantShard } from "./message.ts";

/** What came from a peer, its manifest opened and its shard hashed (intake.ts). */
export type Arrival =
  | Holdings
  | WantManifest
  | WantShard
  | { kind: "manifest"; frame: Uint8Array; id: ObjectId; manifest: Manifest; author: string | null }
  /** `right` is whether length and hash are the manifest's; null of one that was not asked for. */
  | { kind: "shard"; id: ObjectId; segment: number; shard: number; payload: Uint8Array; right: boolean | null };

/** All that can happen to a library. `now` is milliseconds on the device's own clock, never going back. */
export type LibraryEvent = { now: number } & (
  | { type: "tick" }
  /** From now on this device is called so, and everybody else by other names too; null: it is in no room. */
  | { type: "named"; self: PeerId | null }
  | { type: "reachable"; peers: readonly PeerId[] }
  | { type: "arrival"; from: PeerId; arrival: Arrival }
  /** Bytes that no honest device sends. */
  | { type: "malformed"; from: PeerId; error: Error }
  | { type: "lend"; bytes: number }
  /** This device has coded an object, or has kept its manifest from an earlier visit. `own`: the shards to be kept, from memory. */
  | { type: "made"; id: ObjectId; manifest: Manifest; frame: Uint8Array; author: string | null; head: HeadNote | null; passing: boolean; own: readonly number[] }
  /** The store has it, or has it no more: it was damaged, or there was no room. */
  | { type: "kept"; id: ObjectId; segment: number; shard: number; bytes: number; at: number }
  | { type: "lost"; id: ObjectId; shard: number }
  /** Somebody here wants an object as a whole, or no more. */
  | { type: "fetch"; id: ObjectId }
  | { type: "stop"; id: ObjectId }
  /** The restoring of an object asks for a shard, or does so no more. */
  | { type: "want"; id: ObjectId; segment: number; shard: number }
  | { type: "unwant"; id: ObjectId; segment: number; shard: number }
  | { type: "repaired"; id: ObjectId }
);

/** All that a library may be asked to do. */
export type LibraryEffect =
  | { type: "broadcast"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "send"; to: PeerId; bytes: Uint8Array<ArrayBuffer> }
  /** Read a shard, check it and send it, or say that it is not there. */
  | { type: "serve"; to: PeerId; id: ObjectId; segment: number; shard: number }
  | { type: "keep"; id: ObjectId; segment: number; shard: number; bytes: Uint8Array }
  /** The shards are in memory, as `made` said. */
  | { type: "keep-made"; id: ObjectId; shards: readonly number[] }
  /** A shard, or the object with its manifest. */
  | { type: "drop"; id: ObjectId; shard: number | null }
  /** The answer to `want`: null where nobody has it. */
  | { type: "settled"; id: ObjectId; segment: number; shard: number; bytes: Uint8Array | null }
  /** The answer to `fetch`: restoring may begin. */
  | { type: "open"; id: ObjectId }
  | { type: "unavailable"; id: ObjectId; reason: string }
  /** Make these shards again from k others, and keep them. */
  | { type: "repair"; id: ObjectId; shards: readonly number[] }
  /** Gave bytes that are not what the manifest says, or that no honest device sends. */
  | { type: "wrong"; peer: PeerId; error: Error };
