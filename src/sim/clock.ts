/** A virtual clock: callbacks run in the order of their times, ties in the order they were made. */
export interface VirtualClock {
  now(): number;
  after(milliseconds: number, run: () => void): void;
  /** Runs what is due until `done` says so or the time is over; says whether it was done. */
  run(milliseconds: number, done?: () => boolean): boolean;
}

interface Entry {
  at: number;
  order: number;
  run: () => void;
}

export function createClock(): VirtualClock {
  const heap: Entry[] = [];
  let now = 0;
  let order = 0;
  const earlier = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

  const push = (entry: Entry): void => {
    let child = heap.push(entry) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!earlier(heap[child]!, heap[parent]!)) return;
      [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
      child = parent;
    }
  };

  const pop = (): Entry => {
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    heap[0] = last;
    for (let parent = 0; ; ) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      let first = parent;
      if (left < heap.length && earlier(heap[left]!, heap[first]!)) first = left;
      if (right < heap.length && earlier(heap[right]!, heap[first]!)) first = right;
      if (first === parent) return top;
      [heap[first], heap[parent]] = [heap[parent]!, heap[first]!];
      parent = first;
    }
  };

  return {
    now: () => now,
    after: (milliseconds, run) => push({ at: now + Math.max(0, milliseconds), order: order++, run }),
    run(milliseconds, done = () => false) {
      const end = now + milliseconds;
      while (!done()) {
        if (heap.length === 0 || heap[0]!.at > end) {
          now = end;
          return done();
        }
        const entry = pop();
        now = entry.at;
        entry.run();
      }
      return true;
    },
  };
}
