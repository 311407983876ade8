import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { claimOf, host, raw } from "../signal/signal.fixture.ts";
import { createDoor, DOOR_LIMITS } from "./door.ts";
import { roomKeys } from "./room.ts";

const UTC = 1_700_000_000_000;

test("of many at the door so many are told where a device stands, and as many again once those are gone", async () => {
  vi.stubGlobal("WebSocket", WebSocket);
  const { url, close } = await host();
  const room = roomKeys({ secret: "A".repeat(43), server: url, iceServers: [], relayOnly: false }, "task");
  const others = await Promise.all(
    Array.from({ length: DOOR_LIMITS.asked + 10 }, async (_, index) => {
      const other = await raw(url);
      other.tell({ kind: "join", topic: room.door(UTC), claim: claimOf(index + 1) });
      await other.next("room");
      return other;
    }),
  );
  const door = createDoor({ server: url, room, utc: () => UTC, standing: () => ({ epoch: 0, weight: 0, inside: false, P: null, cut: null, committee: null }), onAhead: () => undefined, onInside: () => undefined, carry: async () => null, onSent: () => undefined });
  onTestFinished(() => {
    door.close();
    return close();
  });
  const told = () => others.filter(({ got }) => got.some(({ kind }) => kind === "from"));
  await door.settled;
  await vi.waitFor(() => expect(told()).toHaveLength(DOOR_LIMITS.asked));
  for (const { socket } of told().slice(0, 4)) socket.close();
  await vi.waitFor(() => expect(told()).toHaveLength(DOOR_LIMITS.asked + 4));
});
