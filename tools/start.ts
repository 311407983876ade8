import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderUnicodeCompact } from "uqr";
import { lanAddress } from "./https/addresses.ts";
import { localCertificates, type LocalCertificates } from "./https/ca.ts";
import { checkPort, createAppServer, ServeError, type AppServer } from "./serve.ts";
import { build, isStale } from "./serve-build.ts";

const USAGE = "Usage: npm start [-- --https]\n  PORT=8080   port to serve at\n  HOST=…      address to listen at (all of them by default)\n  --https     for phones: HTTPS by a certificate made on this machine\n";
/** npm runs scripts in the project's folder. */
const ROOT = process.cwd();

function readArguments(): { https: boolean; port: number } {
  try {
    const { values } = parseArgs({ options: { https: { type: "boolean", default: false } } });
    const text = process.env["PORT"] || "8080";
    const port = Number(text);
    if (!/^\d+$/.test(text) || port > 65_535) throw new RangeError(`PORT has to be a number from 0 to 65535, not ${text}`);
    return { https: values.https, port };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function announce(server: AppServer, certificates: LocalCertificates | null): void {
  console.log(`\nHromada is at ${server.url}`);
  if (certificates) {
    const address = lanAddress();
    if (certificates.made === "ca") console.log("A new certificate authority was made: trust it once on each device.");
    console.log(`Its SHA-256 fingerprint: ${new X509Certificate(certificates.ca).fingerprint256}`);
    if (address === null) console.log("This machine has no address in a local network: phones cannot reach it.");
    else {
      // Plain HTTP: the steps to trust the certificate have to come before the first HTTPS page.
      const steps = `http://${address}:${server.port}/`;
      console.log(`In this network: https://${address}:${server.port}/\n\n${renderUnicodeCompact(steps, { border: 2 })}\n\nScan with a phone, or open ${steps}: it shows how to trust this machine, then leads to the app.`);
    }
  }
  console.log("Stop with Ctrl-C.");
}

async function main(): Promise<void> {
  const { https, port } = readArguments();
  const stop = new AbortController();
  // npm passes a Ctrl-C on that the terminal has sent already, so a second one means nothing new.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
  const host = process.env["HOST"] || undefined;
  try {
    // Before the build, so that nobody waits for it in vain.
    await checkPort(port, host);
    if (await isStale(ROOT)) await build(ROOT, stop.signal);
    const certificates = https ? await localCertificates(join(ROOT, ".cache", "https")) : null;
    stop.signal.throwIfAborted();
    const server = await createAppServer({
      dist: join(ROOT, "dist"),
      port,
      ...(host && { host }),
      ...(certificates && { https: certificates }),
    });
    announce(server, certificates);
    if (!stop.signal.aborted) await new Promise((wake) => stop.signal.addEventListener("abort", wake, { once: true }));
    console.log("\nStopping …");
    await server.close();
  } catch (error) {
    if (stop.signal.aborted) return;
    process.stderr.write(`${error instanceof ServeError ? error.message : (error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  }
}

await main();
process.exit();
