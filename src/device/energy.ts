/** Watts that a device draws more while one of its cores trains, as a rule of thumb: no browser measures them. */
const WATTS = { phone: 3, laptop: 12 } as const;
export type PowerKind = keyof typeof WATTS;

/** An estimate of what so much training takes, in joules. */
export const joulesOf = (milliseconds: number, kind: PowerKind): number => (WATTS[kind] * milliseconds) / 1_000;
