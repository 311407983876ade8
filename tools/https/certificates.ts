import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { webcrypto } from "node:crypto";
import type { Names } from "./addresses.ts";

/** PEM texts. */
export interface Pair {
  cert: string;
  key: string;
}

const DAY_MS = 86_400_000;
/** A root that a person trusts by hand once, so it lasts. */
export const CA_DAYS = 3_650;
/** No public or local root may sign for longer (CA/Browser Forum, 6.3.2; Apple and Chromium hold to it). */
export const LEAF_DAYS = 397;
/** Clocks of phones are not always right. */
const BACKDATED_DAYS = 1;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const crypto = webcrypto as unknown as Crypto;

const makeKeys = (): Promise<CryptoKeyPair> => crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
const keyPem = async (key: CryptoKey): Promise<string> => `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
const span = (days: number, now: number): { notBefore: Date; notAfter: Date } => {
  const from = now - BACKDATED_DAYS * DAY_MS;
  // A certificate is valid through its last second, so a second less keeps within the days (RFC 5280, 4.1.2.5).
  return { notBefore: new Date(from), notAfter: new Date(from + days * DAY_MS - 1_000) };
};

/** A root for this machine alone (RFC 5280, 4.2): it may sign servers' certificates and no further roots. */
export async function makeCa(name: string, now = Date.now()): Promise<Pair> {
  const keys = await makeKeys();
  const cert = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: [`Hromada CA of ${name}`] }, { O: ["Hromada, made on this machine"] }],
      keys,
      signingAlgorithm: ALGORITHM,
      ...span(CA_DAYS, now),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return { cert: `${cert.toString("pem")}\n`, key: await keyPem(keys.privateKey) };
}

export async function makeLeaf(ca: Pair, names: Names, now = Date.now()): Promise<Pair> {
  const issuer = new x509.X509Certificate(ca.cert);
  const signingKey = await crypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(ca.key), ALGORITHM, false, ["sign"]);
  const keys = await makeKeys();
  const cert = await x509.X509CertificateGenerator.create(
    {
      subject: [{ CN: ["Hromada on this machine"] }],
      issuer: issuer.subjectName,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: ALGORITHM,
      ...span(LEAF_DAYS, now),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          ...names.dns.map((value) => ({ type: "dns" as const, value })),
          ...names.ip.map((value) => ({ type: "ip" as const, value })),
        ]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return { cert: `${cert.toString("pem")}\n`, key: await keyPem(keys.privateKey) };
}
