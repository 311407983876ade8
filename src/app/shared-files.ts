import { SHARED_CACHE } from "./kept-parts.ts";

/** More are not taken, nor larger ones: a share is a few files of data. */
export const SHARE_LIMITS = { files: 500, bytes: 512 * 2 ** 20 } as const;

const NAME_HEADER = "x-name";

type Store = Pick<Cache, "put" | "keys" | "match" | "delete">;

/** In the service worker: puts the files of a posted form aside for the Data page. */
export async function keepShared(request: Request, open: () => Promise<Store>): Promise<number> {
  const form = await request.formData();
  const files = form.getAll("files").filter((entry): entry is File => entry instanceof File && entry.size > 0);
  const store = await open();
  for (const old of await store.keys()) await store.delete(old);
  let bytes = 0;
  let kept = 0;
  for (const file of files.slice(0, SHARE_LIMITS.files)) {
    bytes += file.size;
    if (bytes > SHARE_LIMITS.bytes) break;
    await store.put(new Request(`/shared/${kept}`), new Response(file, { headers: { "content-type": file.type || "application/octet-stream", [NAME_HEADER]: encodeURIComponent(file.name) } }));
    kept++;
  }
  return kept;
}

/** On the page: the files that were shared with this app, in order; each is given once. */
export async function takeSharedFiles(open: () => Promise<Store> = () => caches.open(SHARED_CACHE)): Promise<File[]> {
  if (!("caches" in globalThis)) return [];
  const store = await open();
  const files: File[] = [];
  for (const request of await store.keys()) {
    const response = await store.match(request);
    await store.delete(request);
    if (!response) continue;
    const name = decodeURIComponent(response.headers.get(NAME_HEADER) ?? "file");
    files.push(new File([await response.blob()], name, { type: response.headers.get("content-type") ?? "" }));
  }
  return files;
}
