import { describe, expect, it } from "vitest";
import { memoryStore } from "./store.ts";
import { openVault, VaultError } from "./vault.ts";

const SECRET = Uint8Array.from({ length: 100 }, (_, i) => i);

/** A database in a browser, as far as the vault sees it: values are cloned on their way in and out. */
function database() {
  const store = memoryStore();
  return { ...store, persistent: true, put: (values: Parameters<typeof store.put>[0]) => store.put(structuredClone(values)) };
}

describe("vault", () => {
  it("opens on the next visit what it sealed on this one", async () => {
    const store = database();
    const sealed = await (await openVault(store)).seal(SECRET);
    const again = await openVault(store);
    expect(again.lasting).toBe(true);
    expect(await again.open(sealed)).toEqual(SECRET);
  });

  it("keeps a key that cannot be exported, and seals the same bytes differently each time", async () => {
    const store = database();
    const vault = await openVault(store);
    await expect(crypto.subtle.exportKey("raw", (await store.get("vault"))!)).rejects.toThrow();
    expect(await vault.seal(SECRET)).not.toEqual(await vault.seal(SECRET));
  });

  it("refuses what another slot's key sealed, what was changed, and what is too short", async () => {
    const [mine, other] = [await openVault(database()), await openVault(database())];
    const sealed = await mine.seal(SECRET);
    await expect(other.open(sealed)).rejects.toThrow(VaultError);
    for (const at of [0, 12, sealed.length - 1]) {
      const changed = sealed.slice();
      changed[at]! ^= 1;
      await expect(mine.open(changed)).rejects.toThrow(VaultError);
    }
    await expect(mine.open(sealed.subarray(0, 27))).rejects.toThrow(VaultError);
  });

  it("works for the visit, and says so, where nothing or no key can be kept", async () => {
    const keyless = { ...database(), put: () => Promise.reject(new DOMException("a key", "DataCloneError")) };
    for (const store of [memoryStore(), keyless]) {
      const vault = await openVault(store);
      expect(vault.lasting).toBe(false);
      expect(await vault.open(await vault.seal(SECRET))).toEqual(SECRET);
    }
  });
});
