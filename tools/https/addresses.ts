import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";

export interface Names {
  dns: string[];
  ip: string[];
}

/** What this machine may be called: localhost, its own name, and every address but link-local ones. */
export function machineNames(interfaces = networkInterfaces(), name = hostname()): Names {
  const own = name.toLowerCase();
  // An address is no DNS name, and an odd host name would spoil the whole certificate.
  const names = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(own) && !isIP(own) ? [own, ...(own.includes(".") ? [] : [`${own}.local`])] : [];
  const found = Object.values(interfaces).flatMap((each) => each ?? []).map(({ address }) => address);
  const usable = found.filter((address) => isIP(address) && !/^fe80:/i.test(address));
  return {
    dns: [...new Set(["localhost", ...names])],
    ip: [...new Set(["127.0.0.1", "::1", ...usable])].sort(),
  };
}

/** The address for other devices of the network: IPv4 if there is one, private before public. */
export function lanAddress(interfaces = networkInterfaces()): string | null {
  const outer = Object.values(interfaces).flatMap((each) => each ?? []).filter(({ internal, family }) => !internal && family === "IPv4");
  const addresses = outer.map(({ address }) => address).filter((address) => !address.startsWith("169.254."));
  return addresses.find((address) => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address)) ?? addresses[0] ?? null;
}
