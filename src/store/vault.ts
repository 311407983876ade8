import type { Store } from "./store.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What is sealed here is opened nowhere else. */
const AAD = new TextEncoder().encode("hromada/vault/1");

/** What is kept was sealed by another key, or is damaged. */
export class VaultError extends Error {
  override readonly name = "VaultError";
}

/** Secrets as they lie in the store: AES-256-GCM under a key of this slot that no script can read. */
export interface Vault {
  /** False where the key goes with the tab, and what it sealed with it. */
  readonly lasting: boolean;
  /** @returns nonce 12 ‖ ciphertext ‖ tag 16. */
  seal(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  /** @throws VaultError */
  open(sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
}

/** Makes the slot's key at the first use; WebCrypto hands it out only as an object that can be used but not exported. */
export async function openVault(store: Pick<Store, "persistent" | "get" | "put">): Promise<Vault> {
  const kept = await store.get("vault");
  const key = kept ?? (await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]));
  const lasting = store.persistent && (kept !== null || (await keepKey(store, key)));
  return {
    lasting,
    async seal(bytes) {
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: AAD }, key, new Uint8Array(bytes));
      const all = new Uint8Array(NONCE_BYTES + sealed.byteLength);
      all.set(iv);
      all.set(new Uint8Array(sealed), NONCE_BYTES);
      return all;
    },
    async open(sealed) {
      if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new VaultError("shorter than anything that is sealed");
      const [iv, rest] = [sealed.slice(0, NONCE_BYTES), sealed.slice(NONCE_BYTES)];
      try {
        return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: AAD }, key, rest));
      } catch (cause) {
        if (!(cause instanceof DOMException)) throw cause;
        throw new VaultError("sealed by another key, or damaged");
      }
    },
  };
}

/** Some browsers' private modes have a database that takes no keys. */
async function keepKey(store: Pick<Store, "put">, vault: CryptoKey): Promise<boolean> {
  try {
    await store.put({ vault });
    return true;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "DataCloneError") return false;
    throw cause;
  }
}
