/** Small settings kept by the browser; a browser that keeps none (private mode, blocked storage) still works. */
export interface TextStore {
  read(key: string): string | null;
  write(key: string, value: string): void;
}

/** @param storage asked for late, since merely touching `localStorage` throws where it is blocked. */
export function textStore(storage: () => Pick<Storage, "getItem" | "setItem">): TextStore {
  const memory = new Map<string, string>();
  return {
    read(key) {
      try {
        return storage().getItem(`hromada.${key}`) ?? memory.get(key) ?? null;
      } catch {
        return memory.get(key) ?? null;
      }
    },
    write(key, value) {
      memory.set(key, value);
      try {
        storage().setItem(`hromada.${key}`, value);
      } catch (cause) {
        console.warn(`The browser does not keep the setting “${key}”; it holds until this page closes.`, cause);
      }
    },
  };
}
