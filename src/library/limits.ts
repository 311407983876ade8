const MiB = 2 ** 20;

/** Every bound of the library. Times in milliseconds, sizes in bytes. */
export const LIBRARY_LIMITS = {
  /** A device says what it holds this often, and at once when that changes. */
  announceEvery: 5_000,
  /** Between two announcements of changes. */
  announceGap: 250,
  /** Objects that one device speaks of, and that this one knows manifests of. */
  objects: 64,
  known: 256,
  /** An object that is published or fetched: it lies in memory as a whole while it is. */
  objectBytes: 64 * MiB,
  /** Shards of published objects that are in memory. */
  deskBytes: 256 * MiB,
  /** Shards of one object. */
  shards: 256,
  /** … that this device makes: no fewer, so that a group can grow, and no more, so that hashes stay few. */
  shardsAtLeast: 6,
  shardsAtMost: 32,
  /** Peers asked at the same time, and shards asked of one of them. */
  peers: 8,
  perPeer: 2,
  /** Answers that are not waited for any more and are looked at when they come all the same. */
  late: 64,
  /** How long one answer is waited for: this, and the bytes at the slowest rate worth waiting for. */
  answerAtMost: 4_000,
  slowestBytesPerSecond: 64 * 1024,
  /** The same where another shard would do as well: what comes late costs parity and no waiting. */
  spareAnswerAtMost: 750,
  spareBytesPerSecond: 512 * 1024,
  /** How long a peer that did not answer in time is passed over where another shard would do. */
  slowFor: 30_000,
  manifestAtMost: 2_000,
  /** How long a fetch waits in all for devices that hold what it needs. */
  holdersAtMost: 60_000,
  /** … and how often it begins anew when those that had said so did not give it. */
  attempts: 3,
  /** A shard that nobody holds is made again when it has been missing for this long. */
  repairAfter: 10_000,
  /** … and a repair that failed is not tried again before this. */
  repairAgain: 30_000,
  /** A surplus copy is let go when its keeper has had it for this long. */
  letGoAfter: 10_000,
  /** A manifest of which nothing is held, and of which nobody speaks, is forgotten after this. */
  forgetAfter: 10_000,
  /** Checkpoints that are kept: the last two heads, as the swarm serves them. */
  heads: 2,
  /** Requests of one peer under way at one time; the others are told at once that they have to look elsewhere. */
  serving: 8,
  controlBytes: 64 * 1024,
  /** A signed manifest: enough for the most shards of the largest object. */
  manifestBytes: 64 * 1024,
  /** A shard as sent, with its header. */
  shardBytes: 64 * MiB,
} as const;
