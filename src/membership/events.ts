import type { PeerId } from "../wire/ids.ts";
import type { HyParViewMessage, Status, SwimMessage } from "./message.ts";

export type SwimEvent =
  /** Due at `wakeAt`; earlier or later does no harm. */
  | { readonly type: "tick"; readonly now: number }
  /** `from` is proven by the transport. */
  | { readonly type: "message"; readonly now: number; readonly from: PeerId; readonly message: SwimMessage }
  /** Somebody trusted (a frozen list, the signalling server) says that these are members. */
  | { readonly type: "meet"; readonly now: number; readonly peers: readonly PeerId[] }
  /** No longer of interest. */
  | { readonly type: "forget"; readonly now: number; readonly peers: readonly PeerId[] }
  /** This device is about to leave: some are told. */
  | { readonly type: "leave"; readonly now: number };

export type SwimEffect =
  | { readonly type: "send"; readonly to: PeerId; readonly message: SwimMessage }
  /** What this device holds of a member has changed. */
  | { readonly type: "status"; readonly peer: PeerId; readonly status: Status };

export type HyParViewEvent =
  /** Once a second: the protocol's only sense of time. */
  | { readonly type: "tick" }
  /** Joins by somebody who is in. */
  | { readonly type: "join"; readonly contact: PeerId }
  /** `from` is proven by the transport. */
  | { readonly type: "message"; readonly from: PeerId; readonly message: HyParViewMessage }
  /** A link broke, or none could be made. */
  | { readonly type: "failed"; readonly peer: PeerId };

export type HyParViewEffect =
  | { readonly type: "send"; readonly to: PeerId; readonly message: HyParViewMessage }
  /** Is a neighbour from now on, or no longer. */
  | { readonly type: "up" | "down"; readonly peer: PeerId }
  /** Knows nobody any more: a new contact is needed. */
  | { readonly type: "isolated" };
