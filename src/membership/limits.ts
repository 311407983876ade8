/**
 * The failure detector's bounds. Times in milliseconds. `period` to `pingTimeout` make a dead member known to
 * all within 5 s; `suspicionAtLeast` is how slow a live one may be.
 */
export const SWIM_LIMITS = {
  /** Each device probes one other in this time. */
  period: 500,
  /** From a ping to the requests that others ping too, and between two checks of a suspected member. */
  pingTimeout: 250,
  /** A ping for another, or to one that another spoke of, is under way this long. */
  helpFor: 500,
  /** Members asked to ping for one that does not answer: SWIM's k. */
  helpers: 3,
  /** Members told at once of what a device found out itself. */
  fanout: 3,
  /** What is new is passed on λ · log2(n) times: SWIM's λ. */
  retransmit: 1.5,
  /** Updates in one message. */
  updates: 8,

  /** A suspected member has this long at least, when `confirmations` others suspect it too … */
  suspicionAtLeast: 1_000,
  /** … and this long while nobody else does. */
  suspicionAtMost: 3_000,
  confirmations: 3,
  /** One whose answers came late before has as much longer, up to this. */
  lag: 1_000,
  /** Pings of its own that a device sees unanswered before it believes anybody's death: with a loss of 5 % each way, chance does that once in 10,000 times. */
  unanswered: 4,
  /** Times that others may speak for a suspected member before it has to be heard. */
  spared: 2,
  /** Above what is known of a member, others' word for its incarnation counts only up to this. */
  incarnationJump: 16,
  /** Whoever was heard this recently needs no check, whatever is said. */
  fresh: 500,
  /** Checks that the word of one member causes in one period. */
  checksPerAccuser: 8,
  /** A device answers suspicions of itself this often at most. */
  refuteEvery: 500,

  /** Lifeguard's local health: 0 is well; all time-outs are multiplied by one more. */
  health: 4,
  /** A tick this late means that this device slept, and says nothing about others. */
  overslept: 2_000,

  /** Members known, the dead included. */
  members: 512,
  /** The dead are remembered this long, and one of them is tried in every so many periods: how a split heals. */
  forgetAfter: 600_000,
  reviveEvery: 4,
  /** Pings for others, and of those that others spoke of, under way at once. */
  asks: 64,
  asksOfOne: 8,
  introductions: 16,

  messageBytes: 512,
} as const;

export type SwimLimits = { readonly [Name in keyof typeof SWIM_LIMITS]: number };

/** The overlay's bounds: the paper's values for 10,000 devices. Times in ticks; its driver ticks once a second. */
export const HYPARVIEW_LIMITS = {
  /** Neighbours, and others known in case one of them fails. */
  active: 5,
  passive: 30,
  /** Hops of a newcomer's random walk (ARWL), and how many before its end it is noted (PRWL). */
  activeWalk: 6,
  passiveWalk: 3,
  /** A shuffle's hops, and what it carries besides its origin. */
  shuffleWalk: 6,
  shuffleActive: 3,
  shufflePassive: 4,
  shuffleEvery: 10,
  /** An unanswered request is given up after this long. */
  patience: 5,
  /** Age at which a neighbour is first traded for one of the passive view; then at twice the age each time. */
  mixFirst: 15,
  /** Requests under way at once. */
  requests: 2,
  /** Neighbours that give way to newcomers in one tick. */
  evictions: 2,
  /** Walks that one neighbour may send or pass on in one tick. */
  walks: 16,
  /** Of the passive view, what one peer may have brought. */
  broughtByOne: 10,

  messageBytes: 512,
} as const;

export type HyParViewLimits = { readonly [Name in keyof typeof HYPARVIEW_LIMITS]: number };
