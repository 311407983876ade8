/** Every bound of the mesh, in one place. Times are milliseconds, sizes are bytes. */
export const MESH_LIMITS = {
  /** Links of the overlay, made with everybody's knowledge of who is there. */
  degree: 8,
  /** Of a room of several areas, circles through all of it: two more links each, most of them into other areas. */
  wideCircles: 2,
  /** Links in all: the overlay's, the group's, and those that others asked for. */
  links: 24,

  /** A whole frame as sent, header included; what one data-channel message holds. */
  frameBytes: 16 * 1024,
  /** A whole frame as accepted: more than this does not pass between all browsers. */
  frameBytesMax: 64 * 1024,
  /** A message with its packet header, once its frames are put together. */
  messageBytes: 128 * 1024 * 1024,
  /** Messages that one link may have begun and not ended; an honest sender has at most two. */
  partialMessages: 4,
  /** Frames handed to the page and not yet taken: hides the way between the threads. */
  framesInFlight: 4,
  /** Messages up to this size go between the frames of bigger ones. */
  urgentBytes: 64 * 1024,
  /** Small messages waiting on one link; a broadcast beyond it is not sent there. */
  urgentQueueBytes: 2 * 1024 * 1024,

  /** From the first signal of an attempt to an open channel. */
  connectTimeout: 15_000,
  /** From an open channel to the peer's greeting. */
  helloTimeout: 5_000,
  /** How often links and peers are looked at. */
  tick: 250,
  heartbeat: 1_000,
  /** Silence of the network after which a link is dead: with the tick, a loss is known within 4.25 s. */
  linkSilence: 4_000,
  /** A link that has brought no byte for this long asks the page whether the network still does. */
  listenAfter: 1_000,
  /** A channel that brings no byte for this long is dead, even if the network still brings packets. */
  channelSilence: 20_000,
  /** The same, once somebody said that the peer is gone. */
  probeSilence: 1_500,
  /** A channel that takes no byte for this long is dead, whatever it says. */
  sendStall: 15_000,
  /** A link that neither end needs is kept this long. */
  unneededLinger: 10_000,
  /** The same where links are forced to few. */
  unneededLingerForced: 3_000,
  /** The same for a link in the middle of a message. */
  unneededBusy: 60_000,

  backoffBase: 500,
  backoffMax: 15_000,
  /** A link that lived this long wipes the failures before it. */
  backoffReset: 5_000,
  /** The side that is called waits this long before it asks to be called. */
  wantDelay: 1_000,
  /** An unanswered call this old is started again when the other side asks for one, and makes way for the next. */
  callStale: 5_000,
  /** Calls that are begun at once: each costs both browsers much work, and all of them together would be late. */
  callsAtOnce: 4,
  /** Peers that are listed and were not reached in this time no longer count in the overlay's shape. */
  rosterPatience: 10_000,
  /** How often one of those is tried all the same: how two partitions find each other again. */
  coldDial: 3_000,
  /** No new link with a peer that sent malformed bytes. */
  malformedHold: 60_000,
  /** No new link with a peer of another version, which has to be reloaded first. */
  outdatedHold: 30_000,
  /** No new link with a peer that said it leaves. */
  leaveHold: 3_000,
  attemptsRemembered: 256,
  /** Peers whose failures and holds are remembered before the idle ones are forgotten. */
  peersRemembered: 512,

  /** One blob of an attempt: an offer of a bare data channel is under 2 KiB. */
  blobBytes: 24 * 1024,
  sdpChars: 16 * 1024,
  candidateChars: 1024,
  /** Signals held back until the attempt is opened. */
  signalsHeld: 64,

  /** Hops of a flooded or routed packet: a ring of 128 devices. */
  ttl: 64,
  /** Who brings a flood to a device that is two links from its source: two may be gone, or keep it to themselves. */
  relays: 3,
  /** The same of link states, which are said again. */
  stateRelays: 2,
  /** To how many neighbours a device passes on what somebody in another area tells the whole room. */
  wideRelays: 6,
  floodBytes: 1024 * 1024,
  /** Floods and messages remembered, so that each is taken once. */
  packetsRemembered: 8_192,
  /** Messages of others held for sending on; one of the biggest fits. */
  relayQueueBytes: 160 * 1024 * 1024,
  /** Ways tried for one message when links die under it. */
  sendAttempts: 4,
  /** A relay without a way waits this long for the map to settle, then looks again. */
  rerouteWait: 150,
  /** A message's own time: this, and its bytes at the slowest rate worth waiting for. */
  sendTimeout: 30_000,
  slowestBytesPerSecond: 16 * 1024,

  /** Changes of own links within this time are told at once. */
  linkStateDelay: 20,
  /** … and those after it within so long for each device in the room, for all of them hear of it. */
  linkStateGap: 10,
  /** What did not change is said again after so long; where there are many after so long for each. */
  linkStateRefresh: 10_000,
  linkStateRefreshEach: 300,
  /** What was not said again for so many times as long is forgotten. */
  linkStateAges: 3.5,
  /** A neighbour that was asked for what it knows of others has so long, then another one is asked. */
  introductionPatience: 1_000,
  /** Neighbours in one announcement. */
  neighbours: 48,
  /** Devices that the map holds. */
  topologyEntries: 1_024,

  /** On the page: connections at once, those that are ending included. */
  pageLinks: 64,
  /** On the page: the time TURN servers get to give a relay; one that is there needs some round trips. */
  relayPatience: 8_000,
  /** On the page: bytes on their way to the worker; a worker that falls further behind loses the link. */
  pageBacklogBytes: 256 * 1024 * 1024,
  /** On the page: the time a closing channel gets to flush its last frame. */
  pageFlush: 100,
} as const;
