/** Passes on the first value at once and then at most one each `interval()` ms, always the latest. */
export function throttle<T>(interval: () => number, pass: (value: T) => void): (value: T) => void {
  let waiting: { value: T } | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const tick = (): void => {
    timer = null;
    if (waiting === null) return;
    const { value } = waiting;
    waiting = null;
    timer = setTimeout(tick, interval());
    pass(value);
  };
  return (value) => {
    waiting = { value };
    if (timer === null) tick();
  };
}
