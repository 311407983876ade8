/** A hidden page draws nothing: its frames are waited for this long, in milliseconds. */
const AT_MOST = 300;

/** Drawing may take one part in this many of the time. */
const PARTS = 10;

/** Until what was rendered is on the screen; not for long where the page is hidden. */
export const frame = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, AT_MOST);
    requestAnimationFrame(() => setTimeout(resolve));
  });

/** How long to leave between two drawings. */
export interface Pace {
  /** Milliseconds. */
  readonly pause: number;
  /** Something is rendered now: how long it takes to be on the screen sets the pause. */
  drawing(): void;
}

/**
 * `least` ms where the page draws in no time, up to `most` where it does not: many tabs on few cores would else spend
 * on drawing, several times a second, what their rounds need.
 */
export function createPace(least: number, most: number, drawn: () => Promise<void>): Pace {
  let pause = least;
  return {
    get pause() {
      return pause;
    },
    drawing() {
      const began = performance.now();
      void drawn().then(() => (pause = Math.min(Math.max(least, PARTS * (performance.now() - began)), most)));
    },
  };
}
