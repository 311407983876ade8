import { bytesToHex } from "@noble/hashes/utils.js";
import { IdentityError } from "../identity/errors.ts";
import type { Store } from "../store/store.ts";
import { openVault, type Vault, VaultError } from "../store/vault.ts";
import { WireError } from "../wire/codec.ts";
import { DeviceError } from "./errors.ts";
import { decodePasses, encodePasses, type IssuedPass, PASSES_KEPT, roomOf } from "./passes.ts";
import { systemRandom } from "./room.ts";

/** One room's pseudonyms: those of earlier visits, and where those of now are kept. */
export interface RoomKeyring {
  passes: readonly IssuedPass[];
  /** All that are of use in this room from now on. */
  keep(passes: readonly IssuedPass[]): void;
}

/** A device's pseudonyms of all its rooms, sealed in its store, and in a file under a passphrase. */
export interface Keyring {
  readonly count: number;
  /** False where they go with the tab. */
  readonly lasting: boolean;
  /** @param room 16 bytes. */
  of(room: Uint8Array): RoomKeyring;
  toFile(passphrase: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Adds those of the file. @throws DeviceError `passphrase`, `key-file` or `update-needed` */
  fromFile(bytes: Uint8Array, passphrase: string): Promise<void>;
  forget(): Promise<void>;
}

/** @param onProblem hears of what could not be kept. */
export async function openKeyring(store: Store, onProblem: (cause: unknown) => void): Promise<Keyring> {
  let vault = await openVault(store);
  let passes = await kept(store, vault);
  /** One write after the other, so that the last one stays. */
  let writing: Promise<void> = Promise.resolve();

  function write(work: () => Promise<void>): Promise<void> {
    const done = writing.then(work);
    writing = done.catch(() => undefined); // whoever asked for it is told
    return done;
  }

  function replace(next: readonly IssuedPass[]): Promise<void> {
    passes = next.slice(-PASSES_KEPT);
    const encoded = encodePasses(passes);
    return write(async () => store.put({ passes: await vault.seal(encoded) }));
  }

  return {
    get count() {
      return passes.length;
    },
    get lasting() {
      return vault.lasting;
    },
    of(hash) {
      const room = bytesToHex(hash);
      return {
        passes: passes.filter((pass) => roomOf(pass) === room),
        keep: (mine) => void replace([...passes.filter((pass) => roomOf(pass) !== room), ...mine]).catch(onProblem),
      };
    },
    toFile: (passphrase) => asDeviceError(async () => (await keyFile()).exportKeyFile({ secrets: encodePasses(passes), passphrase, random: systemRandom })),
    async fromFile(bytes, passphrase) {
      const brought = await asDeviceError(async () => decodePasses(await (await keyFile()).importKeyFile({ bytes, passphrase })));
      const names = new Set(brought.map(({ credential }) => credential.self));
      await replace([...passes.filter(({ credential }) => !names.has(credential.self)), ...brought]);
    },
    forget() {
      passes = [];
      return write(async () => {
        // With its key gone, what is left of it on the disk is of no use to anybody.
        await store.remove("passes", "vault");
        vault = await openVault(store);
      });
    },
  };
}

/** Argon2 and what goes with it: rarely needed, so loaded then. */
const keyFile = () => import("../identity/keyfile.ts");

async function kept(store: Store, vault: Vault): Promise<IssuedPass[]> {
  const sealed = await store.get("passes");
  if (sealed === null) return [];
  try {
    return decodePasses(await vault.open(sealed));
  } catch (cause) {
    if (!(cause instanceof VaultError || cause instanceof WireError)) throw cause;
    return []; // damaged, or of another version: the device registers anew
  }
}

/** The file is the person's: what is wrong with it is said in words of the page. */
async function asDeviceError<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof IdentityError) {
      if (cause.code === "key-file-version") throw new DeviceError("update-needed", cause.message);
      throw new DeviceError(cause.code === "key-file" ? "key-file" : "passphrase", cause.message);
    }
    if (!(cause instanceof WireError)) throw cause;
    throw new DeviceError(cause.code === "version" ? "update-needed" : "key-file", cause.message);
  }
}
