/** What comes next; the same object each time, to be read before the next one is taken. */
export interface Due {
  /** Whole microseconds. */
  at: number;
  kind: number;
  a: number;
  b: number;
  c: number;
  payload: unknown;
}

/** Events by their times, ties in the order in which they were made: a binary heap of slots in typed arrays. */
export interface Timeline {
  readonly now: number;
  readonly waiting: number;
  /** @param at whole microseconds; what is past comes at once */
  put(at: number, kind: number, a: number, b: number, c: number, payload: unknown): void;
  /** Null when nothing is due until then; it is then. */
  take(until: number): Due | null;
}

export function createTimeline(): Timeline {
  let capacity = 1024;
  let at = new Float64Array(capacity);
  let order = new Float64Array(capacity);
  /** kind, a, b, c of each slot. */
  let fields = new Int32Array(4 * capacity);
  let heap = new Int32Array(capacity);
  const payloads: unknown[] = [];
  const free: number[] = [];
  const due: Due = { at: 0, kind: 0, a: 0, b: 0, c: 0, payload: null };
  let size = 0;
  let used = 0;
  let count = 0;
  let now = 0;

  function grow(): void {
    capacity *= 2;
    const bigger = <T extends Float64Array | Int32Array>(from: T, to: T): T => (to.set(from), to);
    at = bigger(at, new Float64Array(capacity));
    order = bigger(order, new Float64Array(capacity));
    fields = bigger(fields, new Int32Array(4 * capacity));
    heap = bigger(heap, new Int32Array(capacity));
  }

  const before = (x: number, y: number): boolean => at[x]! < at[y]! || (at[x]! === at[y]! && order[x]! < order[y]!);

  function sink(slot: number): void {
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, slot)) break;
      heap[hole] = heap[child]!;
      hole = child;
    }
    heap[hole] = slot;
  }

  return {
    get now() {
      return now;
    },
    get waiting() {
      return size;
    },
    put(time, kind, a, b, c, payload) {
      if (size === capacity) grow();
      const slot = free.pop() ?? used++;
      at[slot] = Math.max(now, time);
      order[slot] = count++;
      fields[4 * slot] = kind;
      fields[4 * slot + 1] = a;
      fields[4 * slot + 2] = b;
      fields[4 * slot + 3] = c;
      payloads[slot] = payload;
      let hole = size++;
      while (hole > 0) {
        const parent = (hole - 1) >> 1;
        if (!before(slot, heap[parent]!)) break;
        heap[hole] = heap[parent]!;
        hole = parent;
      }
      heap[hole] = slot;
    },
    take(until) {
      if (size === 0 || at[heap[0]!]! > until) {
        now = until;
        return null;
      }
      const slot = heap[0]!;
      const last = heap[--size]!;
      if (size > 0) sink(last);
      due.at = now = at[slot]!;
      due.kind = fields[4 * slot]!;
      due.a = fields[4 * slot + 1]!;
      due.b = fields[4 * slot + 2]!;
      due.c = fields[4 * slot + 3]!;
      due.payload = payloads[slot];
      payloads[slot] = null;
      free.push(slot);
      return due;
    },
  };
}
