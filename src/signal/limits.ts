/** All that the signalling server allows; a test or a host lowers any of them by an options argument. */
export const SIGNAL_LIMITS = {
  /** Bytes of one message, both ways. Twice as much is read and refused; beyond it the socket is closed unread. */
  messageBytes: 65_536,
  /** Messages a second that one socket may send in the long run. */
  messagesPerSecond: 100,
  /** Messages that it may send at once: 24 links are dialled with some 10 messages each. */
  messageBurst: 500,
  /** Their list is one message. */
  peersPerRoom: 2_048,
  /** In a room of more than so many, who came and who left within so many milliseconds is told together, or as soon as it is so much. */
  newsAtOnce: 32,
  newsMs: 200,
  newsTogether: 1_024,
  rooms: 10_000,
  /** Sockets in all, joined or not. */
  sockets: 20_000,
  /** A new socket joins a room within this many milliseconds, or is dropped. */
  joinMs: 10_000,
  /** A socket silent for this long is pinged. */
  pingMs: 25_000,
  /** A socket silent for this long, pings included, is dropped. */
  idleMs: 60_000,
  /** Bytes that wait for a slow reader before it is cut off. */
  bufferedBytes: 1_048_576,
  /** How long a refused socket may take to say goodbye. */
  closeMs: 2_000,
  /** How often idle, late and closing sockets are looked for. */
  sweepMs: 1_000,
  /** A drain lasts no longer. */
  drainMs: 3_000,
} as const;

export type SignalLimits = { [Name in keyof typeof SIGNAL_LIMITS]: number };

/** The client's own bounds. */
export const SIGNAL_CLIENT_LIMITS = {
  /** From the dial to the server's list of the room. */
  connectMs: 10_000,
  /** Silent for this long, the client asks whether the server is still there. */
  askMs: 20_000,
  /** Silent for this long, the connection counts as lost. */
  silentMs: 45_000,
  /** The first wait before a new try; it doubles with each failure. */
  retryFirstMs: 500,
  retryMaxMs: 20_000,
  /** A connection that lasted this long starts the waits anew. */
  steadyMs: 10_000,
  /** Messages kept for sending at the server's pace. */
  queuedMessages: 1_000,
  /** Share of the server's message rate that the client uses, so that it is never refused for haste. */
  pace: 0.8,
} as const;

export type SignalClientLimits = { [Name in keyof typeof SIGNAL_CLIENT_LIMITS]: number };

export const TOPIC_BYTES = 32;
export const CLAIM_BYTES = 48;
/** What a blob's envelope takes of a message at most. */
export const ENVELOPE_BYTES = 128;

/** @throws RangeError for a limit that is not a positive number. */
export function withLimits<T extends Record<string, number>>(defaults: T, given: Partial<{ [Name in keyof T]: number }> = {}): { [Name in keyof T]: number } {
  const limits = { ...defaults, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!(typeof value === "number" && value > 0)) throw new RangeError(`the limit ${name} has to be a positive number, not ${value}`);
  }
  return limits;
}
