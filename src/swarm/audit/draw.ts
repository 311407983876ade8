import { sha256 } from "@noble/hashes/sha2.js";
import { hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { peerIdBytes, type PeerId } from "../../wire/ids.ts";
import type { Attempt } from "../attempt.ts";
import { endsEpoch } from "../epoch.ts";
import { LIMITS } from "../limits.ts";
import { groupsIn } from "../peers.ts";
import { quorum } from "../record.ts";
import type { SwarmState } from "../state.ts";

/**
 * Who is audited, of a view whose devices have all committed and answered the degree test: nobody, or the one with the
 * lowest ticket of those whose ticket wins. A ticket is SHA-256("audit" ‖ set ‖ the device ‖ the answers of all others in
 * the view's order), and one of twenty wins, or of as many as the task says.
 *
 * The answers make it a commit-and-reveal beacon that costs no message. What a device answers at the challenge `set`
 * follows from what it dealt (polynomials of degree < T), and `set` stands for everybody's commitments to that: whoever
 * commits last can choose among commitments of its own, but it does not know the others' polynomials, so that their
 * answers, and its ticket, are chance to it. An answer that does not follow from what was dealt fits the dealings of at
 * most T − 1 devices; the others show theirs, and its dealer is refused. Its own answer says nothing of a device's
 * ticket: whoever keeps it back because the others' have made it the one that is drawn is known to be drawn all the same
 * (`withheld`).
 *
 * What this does not protect against: two that work together may keep the answer of one back so that the ticket of the
 * other is never known, at the cost of the one's round and of the group's time. Who gives different devices different
 * answers makes them draw differently, and then no U gets a quorum: the round is lost, as it is where somebody states
 * different commitments. Nobody shows anything in it, for that takes a commit without the audited one.
 */
export function drawn(s: SwarmState, attempt: Attempt): PeerId | null | undefined {
  if (!mayAudit(s, attempt)) return null;
  const tickets = attempt.view.map((peer) => ticket(s, attempt, peer));
  if (tickets.includes(null)) return undefined;
  const lowest = Math.min(...(tickets as number[]));
  return wins(s, lowest) ? attempt.view[tickets.indexOf(lowest)]! : null;
}

/** Who fell silent, or keeps its answer back, and is known to be drawn by the answers of all others. */
export function withheld(s: SwarmState, attempt: Attempt): PeerId | null {
  const [peer, ...more] = attempt.view.filter((other) => answerOf(s, attempt, other) === null);
  if (peer === undefined || more.length > 0 || peer === s.config.self || attempt.set === null || !mayAudit(s, attempt)) return null;
  return wins(s, ticket(s, attempt, peer)!) ? peer : null;
}

/**
 * Those that are left have to be a sum that the rules allow: T of the view, which is 6 and more in groups of 8 and more,
 * and a quorum of the frozen list. In an epoch's last round there would be no time to look at what is shown: nobody is
 * known by name in the next. All of it follows from the head and the view, so that all of the view say the same.
 */
function mayAudit(s: SwarmState, { view }: Attempt): boolean {
  const { record } = s.head;
  const { audits, privacy, epochRounds } = s.config;
  if (!audits || privacy !== null || endsEpoch(record.round + 1, epochRounds)) return false;
  const groups = groupsIn(s);
  const frozen = record.members.count === 0 ? 0 : groups.members(groups.of(s.config.self));
  return view.length > quorum(view.length) && view.length > quorum(frozen);
}

/** Which two of the others train the audited update again, if this device knows all answers, which say it. */
export function verifiers(s: SwarmState, attempt: Attempt): readonly PeerId[] {
  const answers = attempt.view.map((peer) => answerOf(s, attempt, peer));
  if (answers.includes(null)) return [];
  const drawn = attempt.view.filter((peer) => peer !== attempt.audited).map((peer) => {
    const digest = sha256.create().update(utf8ToBytes("verify")).update(hexToBytes(attempt.set!)).update(peerIdBytes(peer));
    for (const answer of answers) digest.update(answer!);
    return { peer, ticket: first32(digest.digest()) };
  });
  return drawn.sort((a, b) => a.ticket - b.ticket).slice(0, LIMITS.verifiers).map(({ peer }) => peer);
}

const answerOf = (s: SwarmState, attempt: Attempt, peer: PeerId): Uint8Array | null => (peer === s.config.self ? attempt.answer : (attempt.answers.get(peer) ?? null));

/** Below 2^32; null while an answer is not known. */
function ticket(s: SwarmState, attempt: Attempt, peer: PeerId): number | null {
  const digest = sha256.create().update(utf8ToBytes("audit")).update(hexToBytes(attempt.set!)).update(peerIdBytes(peer));
  for (const other of attempt.view) {
    if (other === peer) continue;
    const answer = answerOf(s, attempt, other);
    if (answer === null) return null;
    digest.update(answer);
  }
  return first32(digest.digest());
}

const first32 = ({ buffer, byteOffset }: Uint8Array): number => new DataView(buffer, byteOffset).getUint32(0);

const wins = ({ config: { audits } }: SwarmState, number: number): boolean => number < 2 ** 32 / audits!.oneOf;
