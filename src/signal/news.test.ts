import fc from "fast-check";
import { bytesToHex } from "@noble/hashes/utils.js";
import { expect, onTestFinished, test, vi } from "vitest";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { createNews, type Change, type News } from "./news.ts";
import type { Member, PeerName } from "./rooms.ts";
import { host, idBytesOf, raw, type Raw } from "./signal.fixture.ts";

interface Told extends Member {
  peer: PeerName;
  messages: Change[];
  /** Whom it knows of, by what it was told. */
  knows: Set<string>;
}

const LIMITS = { newsAtOnce: 2, newsMs: 200, newsTogether: 50 };

/** Devices in a room of which each keeps account of what it is told, as a client does. */
function room(limits = LIMITS): { news: News<Told>; inside: Told[]; join(n: number): Told; leave(member: Told): void } {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const inside: Told[] = [];
  const news = createNews<Told>(limits, (members, change) => {
    for (const { messages, knows, peer: self } of members) {
      messages.push(change);
      for (const peer of change.gone) if (!knows.delete(bytesToHex(peer))) throw new Error("gone, and was not here");
      for (const peer of change.came) {
        if (knows.has(bytesToHex(peer)) || bytesToHex(peer) === self.id) throw new Error("came, and was here");
        knows.add(bytesToHex(peer));
      }
    }
  });
  return {
    news,
    inside,
    join(n) {
      const id = n.toString(16).padStart(32, "0") as PeerId;
      const member: Told = { room: null, peer: { id, bytes: peerIdBytes(id) }, messages: [], knows: new Set(inside.map(({ peer }) => peer.id)) };
      inside.push(member);
      news.came(member, member.peer);
      return member;
    },
    leave(member) {
      inside.splice(inside.indexOf(member), 1);
      news.gone(member, member.peer);
    },
  };
}

test("in a small room each hears of each at once; in a larger one of all who come within a moment in one message", () => {
  const { join, leave, inside } = room();
  const [first, second] = [join(1), join(2)];
  expect(first.messages).toEqual([{ came: [second.peer.bytes], gone: [] }]);
  for (let n = 3; n <= 12; n++) join(n);
  leave(second);
  expect(first.messages).toHaveLength(1);
  vi.advanceTimersByTime(LIMITS.newsMs);
  expect(first.messages).toHaveLength(2);
  expect(first.messages[1]).toMatchObject({ came: { length: 10 }, gone: [second.peer.bytes] });
  for (const one of inside) expect([...one.knows].sort()).toEqual(inside.filter((other) => other !== one).map(({ peer }) => peer.id).sort());
});

test("whoever comes and goes within a moment is not spoken of, nor whoever goes and comes back", () => {
  const { join, leave } = room();
  const first = join(1);
  const members = Array.from({ length: 4 }, (_, n) => join(n + 2));
  vi.advanceTimersByTime(LIMITS.newsMs);
  const before = first.messages.length;
  leave(join(9));
  leave(members[0]!);
  join(2);
  vi.advanceTimersByTime(LIMITS.newsMs);
  expect(first.messages).toHaveLength(before);
});

test("who is cut off while it is told is gone after it came", () => {
  const { news, inside, join, leave } = room({ ...LIMITS, newsAtOnce: 100 });
  const members = [join(1), join(2), join(3)];
  const say = members[0]!.messages;
  const push = say.push.bind(say);
  // The first who hears of the fourth finds the fourth gone, as the server does with one whose buffer is full.
  Object.defineProperty(say, "push", { value: (change: Change) => {
    const fourth = inside.at(-1)!;
    if (change.came.length > 0 && fourth.peer.id.endsWith("4")) leave(fourth);
    return push(change);
  } });
  join(4);
  news.tell(members[1]!);
  for (const { messages } of members) expect(messages.slice(-2).map(({ came, gone }) => [came.length, gone.length])).toEqual([[1, 0], [0, 1]]);
});

test("of whoever left before it was welcomed nobody hears", () => {
  const { news, join } = room();
  const [first, second] = [join(1), join(2)];
  news.gone({ ...second }, { id: "ff".repeat(16) as PeerId, bytes: new Uint8Array(16) });
  vi.advanceTimersByTime(LIMITS.newsMs);
  expect([first, second].flatMap(({ messages }) => messages.flatMap(({ gone }) => gone))).toEqual([]);
});

test("so much news goes without waiting", () => {
  const { join } = room();
  const first = join(1);
  for (let n = 2; n <= LIMITS.newsTogether + 4; n++) join(n);
  expect(first.knows.size).toBeGreaterThan(LIMITS.newsTogether - 4);
});

test("whatever happens in whichever order, all know of all after a moment, and nobody is told what it knows", () => {
  const step = fc.oneof(fc.nat(30).map((n) => ({ join: n })), fc.nat(30).map((n) => ({ leave: n })), fc.nat(30).map((n) => ({ tell: n })), fc.constant({ wait: true }));
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const { news, join, leave, inside } = room();
    for (const each of steps) {
      if ("join" in each && !inside.some(({ peer }) => Number.parseInt(peer.id, 16) === each.join)) join(each.join);
      const at = "leave" in each ? each.leave : "tell" in each ? each.tell : null;
      const member = at === null ? undefined : inside[at % Math.max(1, inside.length)];
      if (member && "leave" in each) leave(member);
      if (member && "tell" in each) news.tell(member);
      if ("wait" in each) vi.advanceTimersByTime(LIMITS.newsMs / 2);
    }
    vi.advanceTimersByTime(LIMITS.newsMs);
    for (const one of inside) expect([...one.knows].sort()).toEqual(inside.filter((other) => other !== one).map(({ peer }) => peer.id).sort());
    expect(vi.getTimerCount()).toBe(0);
  }), { numRuns: 200 });
});

test("a blob never comes before the news of its sender", async () => {
  const server = await host({ newsAtOnce: 1, newsMs: 60_000 });
  onTestFinished(server.close);
  const sockets: Raw[] = [];
  for (let n = 1; n <= 4; n++) {
    sockets.push(await raw(server.url));
    await sockets.at(-1)!.join(1, n);
  }
  const [first, , , last] = sockets as [Raw, Raw, Raw, Raw];
  last.tell({ kind: "send", to: idBytesOf(1), blob: Uint8Array.of(1) });
  await first.next("from");
  expect(first.got.map(({ kind }) => kind)).toEqual(["room", "news", "from"]);
  expect((first.got[1] as Change).came).toEqual([2, 3, 4].map(idBytesOf));
});
