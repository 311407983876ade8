import { describe, expect, it, vi } from "vitest";
import { createIssuer } from "../identity/keys.ts";
import { memoryStore } from "../store/store.ts";
import { roomCredential } from "./credential.ts";
import { DeviceError } from "./errors.ts";
import { openKeyring } from "./keyring.ts";
import type { IssuedPass } from "./passes.ts";
import { roomKeys, systemRandom } from "./room.ts";

const issuer = createIssuer(systemRandom);
const place = (letter: string) => ({ ...roomKeys({ secret: letter.repeat(43), server: "", iceServers: [], relayOnly: false }, "a task"), issuer });
const [here, there] = [place("A"), place("B")];
const pass = (room: typeof here, epoch: number): IssuedPass => ({ credential: roomCredential(room, epoch, systemRandom), P: issuer.P, committee: null });
const fail = (cause: unknown): void => {
  throw cause;
};

describe("keyring", () => {
  it("has on the next visit what was kept on this one, each room's own", async () => {
    const store = { ...memoryStore(), persistent: true };
    const ring = await openKeyring(store, fail);
    const [first, second, other] = [pass(here, 1), pass(here, 2), pass(there, 7)];
    ring.of(here.hash).keep([first]);
    ring.of(there.hash).keep([other]);
    ring.of(here.hash).keep([second]);
    await vi.waitFor(async () => {
      const again = await openKeyring(store, fail);
      expect(again.of(here.hash).passes).toEqual([second]);
      expect(again.of(there.hash).passes).toEqual([other]);
    });
  });

  it("keeps nothing in the clear, and after forgetting nothing at all", async () => {
    const store = { ...memoryStore(), persistent: true };
    const ring = await openKeyring(store, fail);
    const kept = pass(here, 1);
    ring.of(here.hash).keep([kept]);
    await vi.waitFor(async () => expect(await store.get("passes")).not.toBeNull());
    expect(Buffer.from((await store.get("passes"))!).includes(Buffer.from(kept.credential.key.id))).toBe(false);
    await ring.forget();
    expect(ring.count).toBe(0);
    expect(await store.get("passes")).toBeNull();
    expect((await openKeyring(store, fail)).count).toBe(0);
  });

  it("moves to another device by a file, and opens with its passphrase only", async () => {
    const [from, to] = [await openKeyring(memoryStore(), fail), await openKeyring(memoryStore(), fail)];
    const [brought, own] = [pass(here, 1), pass(there, 2)];
    from.of(here.hash).keep([brought]);
    to.of(there.hash).keep([own]);
    const file = await from.toFile("correct horse");
    const code = (promise: Promise<unknown>) => promise.then(() => "none", (cause: unknown) => (cause as DeviceError).code);
    expect(await code(to.fromFile(file, "wrong horse"))).toBe("passphrase");
    expect(await code(to.fromFile(new Uint8Array(300), "correct horse"))).toBe("key-file");
    expect(to.count).toBe(1);
    await to.fromFile(file, "correct horse");
    await to.fromFile(file, "correct horse");
    expect(to.of(here.hash).passes).toEqual([brought]);
    expect(to.count).toBe(2);
  }, 60_000);
});
