import { proxy, transfer, type Remote } from "comlink";
import type { RtcHost } from "./rtc.ts";

/** The worker's view of the page's connections: events go as a proxy, bytes are given away. */
export function rtcOverComlink(page: Remote<RtcHost>): RtcHost {
  return {
    open: (link, options, events) => page.open(link, options, proxy(events)),
    signal: (link, data) => page.signal(link, data),
    send: (link, bytes) => page.send(link, transfer(bytes, [bytes.buffer])),
    heard: (link) => page.heard(link),
    waiting: () => page.waiting(),
    close: (link) => page.close(link),
  };
}
