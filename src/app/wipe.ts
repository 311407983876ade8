const WANTED = "hromada.wipe";

/** Where everything of this origin is kept; a browser may lack any of them. */
interface Kept {
  databases: Pick<IDBFactory, "databases" | "deleteDatabase">;
  caches: Pick<CacheStorage, "keys" | "delete"> | undefined;
  folder: (() => Promise<FileSystemDirectoryHandle>) | undefined;
  workers: Pick<ServiceWorkerContainer, "getRegistrations"> | undefined;
}

const WAIT = 3_000;

/** Deletes at the next load, before anything is opened: what a running device holds open cannot be deleted. */
export async function wipeAtNextLoad(): Promise<void> {
  sessionStorage.setItem(WANTED, "1");
  location.reload();
  await new Promise<void>(() => undefined);
}

function deleteDatabase(factory: Kept["databases"], name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = factory.deleteDatabase(name);
    request.onsuccess = () => resolve(true);
    request.onerror = () => resolve(false);
    // Another tab holds it open; once that closes it goes.
    request.onblocked = () => setTimeout(() => resolve(false), WAIT);
  });
}

/** Everything of this origin but what another tab holds open. @returns whether all of it is gone */
export async function wipe({ databases, caches, folder, workers }: Kept): Promise<boolean> {
  const gone = await Promise.all((await databases.databases()).map(({ name }) => deleteDatabase(databases, name ?? "")));
  for (const name of (await caches?.keys()) ?? []) await caches?.delete(name);
  const root = await folder?.();
  if (root) for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
  for (const registration of (await workers?.getRegistrations()) ?? []) await registration.unregister();
  localStorage.clear();
  return gone.every(Boolean);
}

/** Does what was asked for before this load, and only then lets the page begin. */
export async function wipeIfWanted(): Promise<void> {
  try {
    if (sessionStorage.getItem(WANTED) === null) return;
    sessionStorage.clear();
  } catch {
    return; // blocked storage keeps nothing, neither the wish nor anything to delete
  }
  const storage = navigator.storage as StorageManager | undefined;
  const all = await wipe({
    databases: indexedDB,
    caches: globalThis.caches,
    folder: storage && "getDirectory" in storage ? () => storage.getDirectory() : undefined,
    workers: navigator.serviceWorker,
  });
  if (!all) console.warn("another tab of this page holds some of it open; it goes when that tab is closed");
}
