/** A private file system in memory, as far as `files.ts` uses one. A crash stops what is written and leaves what was. */
export function createPrivateFiles() {
  const folders = new Map<string, Map<string, { bytes: Uint8Array; at: number }>>();
  /** Bytes that may still be written before it crashes, or is full. */
  let left = Infinity;
  let failure: () => Error = () => new Error("crashed");
  const missing = () => new DOMException("no such entry", "NotFoundError");

  function fileHandle(files: Map<string, { bytes: Uint8Array; at: number }>, name: string) {
    return {
      kind: "file",
      getFile: async () => ({ lastModified: files.get(name)!.at }),
      createSyncAccessHandle: async () => ({
        read(into: Uint8Array | DataView, { at }: { at: number }) {
          const part = files.get(name)!.bytes.subarray(at, at + into.byteLength);
          new Uint8Array(into.buffer, into.byteOffset).set(part);
          return part.length;
        },
        write(from: Uint8Array | DataView, { at }: { at: number }) {
          const bytes = new Uint8Array(from.buffer, from.byteOffset, from.byteLength);
          const part = bytes.subarray(0, left);
          left -= part.length;
          const before = files.get(name)!.bytes;
          const after = new Uint8Array(Math.max(before.length, at + part.length));
          after.set(before);
          after.set(part, at);
          files.set(name, { bytes: after, at: Date.now() });
          if (part.length < bytes.length) throw failure();
          return part.length;
        },
        getSize: () => files.get(name)!.bytes.length,
        truncate: (size: number) => void files.set(name, { bytes: files.get(name)!.bytes.slice(0, size), at: Date.now() }),
        flush: () => undefined,
        close: () => undefined,
      }),
    };
  }

  function directory(path: string) {
    const folder = () => folders.get(path)!;
    const inside = () => [...folders.keys()].filter((name) => name.startsWith(`${path}/`) && !name.slice(path.length + 1).includes("/"));
    return {
      kind: "directory",
      async getDirectoryHandle(name: string, { create = false } = {}) {
        const full = `${path}/${name}`;
        if (!folders.has(full)) {
          if (!create) throw missing();
          folders.set(full, new Map());
        }
        return directory(full);
      },
      async getFileHandle(name: string, { create = false } = {}) {
        if (!folder().has(name)) {
          if (!create) throw missing();
          folder().set(name, { bytes: new Uint8Array(), at: Date.now() });
        }
        return fileHandle(folder(), name);
      },
      async removeEntry(name: string) {
        if (!folder().delete(name) && !folders.delete(`${path}/${name}`)) throw missing();
      },
      async *keys() {
        yield* [...folder().keys()];
      },
      async *entries() {
        for (const full of inside()) yield [full.slice(path.length + 1), directory(full)];
        for (const name of [...folder().keys()]) yield [name, fileHandle(folder(), name)];
      },
    };
  }

  folders.set("", new Map());
  return {
    folders,
    usage: () => [...folders.values()].reduce((sum, files) => sum + [...files.values()].reduce((bytes, file) => bytes + file.bytes.length, 0), 0),
    /** After so many more bytes every write fails. */
    failAfter(bytes: number, error: () => Error = () => new Error("crashed")): void {
      left = bytes;
      failure = error;
    },
    getDirectory: async () => directory("") as unknown as FileSystemDirectoryHandle,
  };
}
