import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { machineNames, type Names } from "./addresses.ts";
import { LEAF_DAYS, makeCa, makeLeaf, type Pair } from "./certificates.ts";

export interface LocalCertificates {
  /** PEM of the root, for those who are to trust it. */
  ca: string;
  /** PEM of the server's certificate and key. */
  cert: string;
  key: string;
  /** What had to be made anew; after a new `ca` it has to be trusted again. */
  made: "ca" | "leaf" | null;
}

const DAY_MS = 86_400_000;
/** A leaf is made anew this long before it ends. */
const RENEW_DAYS = 30;

/**
 * The machine's own root and a certificate for all its names, kept in `folder` (0700, its files 0600). They are
 * made when missing, unreadable, or about to expire, and the leaf when the machine's names change.
 */
export async function localCertificates(folder: string, names: Names = machineNames(), now = Date.now()): Promise<LocalCertificates> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  let made: LocalCertificates["made"] = null;
  let ca = await readPair(folder, "ca");
  // A root has to outlast each leaf that it signs.
  if (!ca || !sound(ca, LEAF_DAYS, now) || !new X509Certificate(ca.cert).ca) {
    ca = await makeCa(hostname(), now);
    await writePair(folder, "ca", ca);
    made = "ca";
  }
  let leaf = await readPair(folder, "leaf");
  if (!leaf || !sound(leaf, RENEW_DAYS, now) || !fits(leaf.cert, ca.cert, names)) {
    leaf = await makeLeaf(ca, names, now);
    await writePair(folder, "leaf", leaf);
    made ??= "leaf";
  }
  return { ca: ca.cert, cert: leaf.cert, key: leaf.key, made };
}

function sound(pair: Pair, days: number, now: number): boolean {
  const cert = new X509Certificate(pair.cert);
  return Date.parse(cert.validFrom) <= now && Date.parse(cert.validTo) >= now + days * DAY_MS;
}

function fits(leaf: string, ca: string, names: Names): boolean {
  const [cert, issuer] = [new X509Certificate(leaf), new X509Certificate(ca)];
  if (!cert.checkIssued(issuer) || !cert.verify(issuer.publicKey)) return false;
  // An address that is gone may be somebody else's now, so the number has to agree as well.
  const count = (cert.subjectAltName ?? "").split(", ").length;
  return count === names.dns.length + names.ip.length && names.dns.every((name) => cert.checkHost(name)) && names.ip.every((ip) => isIP(ip) && cert.checkIP(ip));
}

/** Null when missing, or when the two do not belong together. */
async function readPair(folder: string, name: string): Promise<Pair | null> {
  try {
    const pair = { cert: await readFile(join(folder, `${name}.crt`), "utf8"), key: await readFile(join(folder, `${name}.key`), "utf8") };
    return new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key)) ? pair : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Missing or damaged files are made anew; files that may not be read are a matter for the person.
    if (code === "EACCES" || code === "EPERM" || code === "EISDIR") throw error;
    return null;
  }
}

async function writePair(folder: string, name: string, pair: Pair): Promise<void> {
  for (const [ending, text] of [["key", pair.key], ["crt", pair.cert]] as const) {
    const path = join(folder, `${name}.${ending}`);
    // Whole or not at all: a half-written key would be found at the next start.
    await writeFile(`${path}.new`, text, { mode: 0o600, flag: "w" });
    await chmod(`${path}.new`, 0o600);
    await rename(`${path}.new`, path);
  }
}
