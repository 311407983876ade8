/**
 * The line between the two threads of a link: the page owns the `RTCPeerConnection`, the device worker
 * owns everything else. All of it crosses by Comlink; bytes are transferred, not copied.
 */
export interface RtcOptions {
  initiator: boolean;
  /** Always explicit: simple-peer's own default is somebody else's STUN server. */
  iceServers: RTCIceServer[];
  /** Only candidates of the room's TURN server: hides this device's address from its peers. */
  relayOnly: boolean;
}

export interface RtcEvents {
  /** An offer, answer or trickled candidate as JSON, for the other side's `signal`. */
  signal(data: string): void;
  /** Before the first `data`, even where the first message is quicker. */
  connected(): void;
  data(bytes: Uint8Array<ArrayBuffer>): void;
  /** Where TURN servers are named: one gave a relay, or none did in `relayPatience`, which a later one corrects. */
  gathered(relay: boolean): void;
  /** The last event of a link. */
  closed(reason: string): void;
}

export interface RtcHost {
  open(link: string, options: RtcOptions, events: RtcEvents): Promise<void>;
  signal(link: string, data: string): Promise<void>;
  /** Resolves once the channel's buffer is low again (`bufferedamountlow`); rejects when the link closes. */
  send(link: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /**
   * Counts what came over the network for this link, ICE's own checks and acknowledgements included: it grows while
   * the other side's browser is there, also where loss holds every message back. Rejects when the link is closed.
   */
  heard(link: string): Promise<number>;
  /** Of each link that is open, the bytes that its channel was given and that have not left. */
  waiting(): Promise<number[]>;
  close(link: string): Promise<void>;
}
