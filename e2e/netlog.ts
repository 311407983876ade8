import { networkInterfaces } from "node:os";

/** The part of Chromium's network log that is read here; parameters differ by event type. */
interface NetLog {
  constants: { logEventTypes: Record<string, number> };
  events: { type: number; params?: { url?: string; initiator?: string; host?: string; hostname?: string; address?: string } }[];
}

export interface Asked {
  /** Origins that pages and their workers asked for. */
  origins: string[];
  /** Names that were looked up for anything but the browser's own errands (its updates, its sign-in). */
  names: string[];
  /** Where packets of WebRTC went, machines other than this one. */
  others: string[];
  /** Packets that went to this machine. */
  packets: number;
}

const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort();

/** Whom a browser turned to, by its own network log, which has all of its processes and threads in it. */
export function readNetLog(text: string): Asked {
  const { constants, events } = JSON.parse(text) as NetLog;
  const of = (type: string) => events.filter((event) => event.type === constants.logEventTypes[type]).map(({ params = {} }) => params);
  // What says that a request has ended names no address any more.
  const begun = of("URL_REQUEST_START_JOB").filter(({ url }) => url !== undefined);
  const requests = begun.map(({ url = "", initiator }) => ({ url: new URL(url), browsers: initiator === "not an origin" }));
  const errands = new Set(requests.filter(({ browsers }) => browsers).map(({ url }) => url.hostname));
  // WebRTC's lookups are seen at the resolver only.
  const lookups = [...of("HOST_RESOLVER_MANAGER_REQUEST"), ...of("DNS_TRANSACTION")].flatMap(({ host, hostname }) => host ?? hostname ?? []).map((host) => host.replace(/^\w+:\/\//, "").replace(/\.?(:\d+)?$/, ""));
  const own = new Set(Object.values(networkInterfaces()).flatMap((list) => list ?? []).map(({ address }) => address));
  // Port 53 are the lookups themselves.
  const packets = of("UDP_BYTES_SENT").flatMap(({ address }) => address ?? []).filter((address) => !address.endsWith(":53"));
  const isOwn = (address: string): boolean => own.has(address.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1"));
  return {
    origins: sorted(requests.filter(({ browsers }) => !browsers).map(({ url }) => url.origin)),
    names: sorted(lookups.filter((name) => name === "localhost" || !errands.has(name))),
    others: sorted(packets.filter((address) => !isOwn(address))),
    packets: packets.filter(isOwn).length,
  };
}
