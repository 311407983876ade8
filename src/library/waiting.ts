import type { Manifest } from "../coding/manifest.ts";
import { placeName } from "./asks.ts";
import type { LibraryError } from "./errors.ts";
import type { LibraryEvent } from "./events.ts";
import type { ObjectId } from "./message.ts";

type Place = { id: ObjectId; segment: number; shard: number };
type Untimed<E> = E extends { now: number } ? Omit<E, "now"> : never;

/** What is waited for here until the core settles it. */
export interface Waiting {
  /** A shard from another device; null where nobody gives it, or once the signal aborts. */
  shard(place: Place, signal: AbortSignal): Promise<Uint8Array | null>;
  /** The manifest, once enough shards can be had. @throws LibraryError; the signal's reason */
  manifest(id: ObjectId, signal: AbortSignal): Promise<Manifest>;
  settled(place: Place, bytes: Uint8Array | null): void;
  opened(id: ObjectId, outcome: Manifest | LibraryError): void;
}

/** Several may wait for one thing; the core is told of the first and of the last. */
function createLine<T>(begin: (name: string) => void, end: (name: string) => void) {
  const lines = new Map<string, ((value: T) => void)[]>();
  return {
    stand(name: string, signal: AbortSignal): Promise<T> {
      return new Promise((resolve, reject) => {
        const settle = (value: T): void => {
          signal.removeEventListener("abort", stop);
          resolve(value);
        };
        const stop = (): void => {
          const others = (lines.get(name) ?? []).filter((each) => each !== settle);
          if (others.length > 0) lines.set(name, others);
          else if (lines.delete(name)) end(name);
          reject(signal.reason as Error);
        };
        if (signal.aborted) return reject(signal.reason as Error);
        signal.addEventListener("abort", stop, { once: true });
        const before = lines.get(name) ?? [];
        lines.set(name, [...before, settle]);
        begin(name);
      });
    },
    serve(name: string, value: T): void {
      const waiting = lines.get(name) ?? [];
      lines.delete(name);
      waiting.forEach((settle) => settle(value));
    },
  };
}

export function createWaiting(dispatch: (event: Untimed<LibraryEvent>) => void): Waiting {
  const places = new Map<string, Place>();
  const shards = createLine<Uint8Array | null>(
    (name) => dispatch({ type: "want", ...places.get(name)! }),
    (name) => {
      dispatch({ type: "unwant", ...places.get(name)! });
      places.delete(name);
    },
  );
  const manifests = createLine<Manifest | LibraryError>(
    (id) => dispatch({ type: "fetch", id }),
    (id) => dispatch({ type: "stop", id }),
  );
  return {
    async shard(place, signal) {
      const name = placeName(place);
      places.set(name, place);
      return shards.stand(name, signal);
    },
    async manifest(id, signal) {
      const outcome = await manifests.stand(id, signal);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    settled(place, bytes) {
      places.delete(placeName(place));
      shards.serve(placeName(place), bytes);
    },
    opened: (id, outcome) => manifests.serve(id, outcome),
  };
}
