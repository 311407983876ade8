/**
 * Why a server turns a socket away: the WebSocket close code (4000–4999 are an application's own, RFC 6455,
 * 7.4.2; 1012 is "service restart" of the IANA registry) and a sentence that says what to do.
 */
export const REFUSALS = {
  malformed: { close: 4400, message: "The server could not read a message of this device. Reload the page; if it comes back, report it." },
  version: { close: 4426, message: "This device and the server speak different versions. Reload the page to update." },
  size: { close: 4413, message: "A message was larger than the server relays. Reload the page to update." },
  rate: { close: 4429, message: "Too many messages at once. Wait a little; the connection comes back by itself." },
  full: { close: 4409, message: "This room is full. Wait until somebody leaves, or open a room of your own." },
  rooms: { close: 4507, message: "The server holds as many rooms as it can. Try later, or use another server." },
  sockets: { close: 4503, message: "The server holds as many devices as it can. Try later, or use another server." },
  deadline: { close: 4408, message: "This device took too long to join a room. It tries again by itself." },
  idle: { close: 4410, message: "This device did not answer for a while. It connects again by itself." },
  slow: { close: 4411, message: "This device reads more slowly than its room writes. It connects again by itself." },
  replaced: { close: 4412, message: "This device connected a second time, and the newer connection was kept." },
  draining: { close: 1012, message: "The server is restarting. The connection comes back by itself." },
} as const;

export type RefusalCode = keyof typeof REFUSALS;

export const REFUSAL_CODES = Object.keys(REFUSALS) as RefusalCode[];

/** The refusal that a close code stands for; 1009 is what a server answers to a message it did not read to its end. */
export function refusalOf(closeCode: number): RefusalCode | null {
  if (closeCode === 1009) return "size";
  return REFUSAL_CODES.find((code) => REFUSALS[code].close === closeCode) ?? null;
}

/** The one error of signalling. `address`, `unreachable` and `silent` are the client's own findings. */
export class SignalError extends Error {
  override readonly name = "SignalError";
  constructor(
    readonly code: RefusalCode | "address" | "unreachable" | "silent",
    message: string,
  ) {
    super(message);
  }
}
