/** Time as the mesh sees it, so that tests can run it by hand. */
export interface Clock {
  /** Milliseconds; only differences matter, but a later start of the same device must read later. */
  now(): number;
  /** Runs `fn` once; the result cancels it. */
  after(ms: number, fn: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};
