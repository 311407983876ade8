/** An entry as it is to be; undefined: there is none. */
type Change<K, V> = readonly [K, V | undefined];

/**
 * A map that is never written to, and of which a version with some other entries costs these alone: one version holds
 * all entries, and each older one how it differs from the next (Baker 1991, "Shallow binding makes functional arrays
 * fast"). An older version that is read holds them again. Entries are in a map's order.
 */
class Versions<K, V extends object> implements ReadonlyMap<K, V> {
  /** Null where another version holds them. */
  #entries: Map<K, V> | null;
  /** That version, or one on the way to it, and how this one differs from that. */
  #next: Versions<K, V> | null = null;
  #changes: readonly Change<K, V>[] = [];

  constructor(entries: Map<K, V> | null) {
    this.#entries = entries;
  }

  with(entries: Iterable<readonly [K, V]>): Versions<K, V> {
    this.#hold();
    const next = new Versions<K, V>(null);
    this.#handTo(next, entries);
    return next;
  }

  #handTo(next: Versions<K, V>, changes: Iterable<Change<K, V>>): void {
    const entries = this.#entries!;
    const back: Change<K, V>[] = [];
    for (const [key, value] of changes) {
      back.push([key, entries.get(key)]);
      if (value) entries.set(key, value);
      else entries.delete(key);
    }
    next.#entries = entries;
    next.#next = null;
    this.#entries = null;
    this.#next = next;
    this.#changes = back.reverse();
  }

  #hold(): Map<K, V> {
    if (this.#entries) return this.#entries;
    for (const version of Versions.#way(this).reverse()) version.#next!.#handTo(version, version.#changes);
    return this.#entries!;
  }

  static #way<K, V extends object>(from: Versions<K, V>): Versions<K, V>[] {
    const way: Versions<K, V>[] = [];
    for (let version = from; version.#next; version = version.#next) way.push(version);
    return way;
  }

  get size(): number {
    return this.#hold().size;
  }

  get(key: K): V | undefined {
    return (this.#entries ?? this.#hold()).get(key);
  }

  has(key: K): boolean {
    return (this.#entries ?? this.#hold()).has(key);
  }

  keys() {
    return this.#hold().keys();
  }

  values() {
    return this.#hold().values();
  }

  entries() {
    return this.#hold().entries();
  }

  forEach(act: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    this.#hold().forEach((value, key) => act(value, key, this));
  }

  [Symbol.iterator]() {
    return this.entries();
  }
}

/** The map with these entries too; it stays as it was, and costs something again only where it is read after. */
export const withEntries = <K, V extends object>(map: ReadonlyMap<K, V>, entries: Iterable<readonly [K, V]>): ReadonlyMap<K, V> => (map instanceof Versions ? (map as Versions<K, V>) : new Versions<K, V>(new Map(map))).with(entries);

/** The map without these; the same where it has none of them. */
export function without<K, V extends object>(map: ReadonlyMap<K, V>, keys: readonly K[]): ReadonlyMap<K, V> {
  const gone = new Set(keys.filter((key) => map.has(key)));
  // A copy, for they are few: entries that came and went would not be in order.
  return gone.size === 0 ? map : new Map([...map].filter(([key]) => !gone.has(key)));
}
