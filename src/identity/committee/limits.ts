/** Every bound of the committee. Times in milliseconds. */
export const LIMITS = {
  /** Below four devices a room has a single issuer; above seven a DKG's messages grow faster than its use. */
  membersAtLeast: 4,
  membersAtMost: 7,
  /** Bound on each phase of a key generation: deal, echo, share, judge. */
  dkgPhase: 10_000,
  /** Bound on each of the two rounds of a threshold signature, and on an evaluation. */
  answerAtMost: 10_000,
  /** A member forgets an opened signature whose package has not come by then; its nonces are never used. */
  openAtMost: 60_000,
  openSignatures: 256,
  /** The longest message. */
  messageBytes: 8 * 1024,
  /** Hashes on one revocation list. */
  revoked: 100,
  /** Sealed requests that a member takes over one peer in an epoch; a redemption is two, or two more for each retry. */
  relayed: 256,
  /** argon2id (RFC 9106): memory in KiB, passes; and leading zero bits of the answer, so 2^bits tries on average. */
  work: { memory: 8 * 1024, passes: 1, bits: 6 },
} as const;

/** t = ⌊2n/3⌋ + 1: two quorums share more than n/3 members, so an honest one while fewer than that cheat. */
export const thresholdOf = (members: number): number => Math.floor((2 * members) / 3) + 1;
