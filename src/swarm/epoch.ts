/** Devices of a group, at least, unless the task says otherwise. */
export const GROUP_SIZE = 8;

/** Groups of a room that is one node yet, at most; of a node, on average at most; and devices that speak for one. */
export const ROOM_GROUPS = 10;
export const NODE_GROUPS = 8;
export const NODE_SPEAKERS = 24;

/** Nodes that are in the rounds of an epoch, at most, a power of two: the other devices of a larger room rest until the next one. */
export const COHORT_NODES = 8;

/** Rounds of an epoch, unless the task says otherwise. */
export const EPOCH_ROUNDS = 20;

/** The epoch in which the round after `round` is run. */
export const epochOf = (round: number, rounds: number): number => Math.floor(round / rounds);

/** Whether this round is its epoch's last: its commit freezes no list, for nobody of it is known in the next. */
export const endsEpoch = (round: number, rounds: number): boolean => round % rounds === 0;
