import { MESH_LIMITS } from "./limits.ts";

export interface Silence {
  /** The channel brought bytes. */
  broken(): void;
  /** Somebody said that the peer is gone: it has `probeSilence` left to show that it lives. */
  suspect(): void;
  /** `ms` went by without a byte. @returns why the link is dead, or null */
  pass(ms: number): string | null;
}

/**
 * How long a link has brought nothing. Loss can hold up all that a living peer sends for ten seconds and more, and on
 * every channel alike, ordered or not: they share SCTP's window, which lost packets close. Then what else comes over
 * the network says that the peer is there, but not for ever.
 * @param heard counts what the network brings (`RtcHost.heard`)
 */
export function createSilence(heard: () => Promise<number>): Silence {
  /** Since the last bytes on the channel. */
  let channel = 0;
  /** Since the network is known to have brought anything. */
  let network = 0;
  /** The count at the last look in this silence. */
  let before: number | null = null;
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      const count = await heard();
      if (channel < MESH_LIMITS.listenAfter) return; // the channel spoke meanwhile
      if (before !== null && count > before) network = 0;
      before = count;
    } catch {
      // Nothing is known of the network then, and the silence counts on.
    } finally {
      looking = false;
    }
  }

  return {
    broken() {
      channel = 0;
      network = 0;
      before = null;
    },
    suspect() {
      const suspected = MESH_LIMITS.linkSilence - MESH_LIMITS.probeSilence;
      channel = Math.max(channel, suspected);
      network = Math.max(network, suspected);
    },
    pass(ms) {
      channel += ms;
      network += ms;
      if (network >= MESH_LIMITS.linkSilence) return "the peer fell silent";
      if (channel >= MESH_LIMITS.channelSilence) return "nothing of the peer gets through";
      if (channel >= MESH_LIMITS.listenAfter) void look();
      return null;
    },
  };
}
