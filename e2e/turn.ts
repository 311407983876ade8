import { spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatJoinLink } from "../src/app/join-link.ts";
import { needsProgram } from "./needs.ts";
import { PATIENCE } from "./rounds.ts";
import { expect } from "./stage.ts";

const USER = { username: "device", credential: "only on loopback" };

/** The part of a join link that names the TURN server at this port and asks for nothing but relayed links. */
export const relayedBy = (port: number): string =>
  formatJoinLink({ server: "ws://localhost/signal", iceServers: [{ urls: `turn:127.0.0.1:${port}?transport=udp`, ...USER }], relayOnly: true }, { protocol: "http:", host: "localhost" }).slice(1);

export async function udpSocket(): Promise<Socket> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/** A binding request (RFC 8489, 5): method 1, no attributes, the magic cookie, and a transaction's id. */
const BINDING = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), Buffer.from("hromada-test")]);

/** Asks until the server at this port answers. */
async function waitForStun(port: number): Promise<void> {
  const socket = await udpSocket();
  let answered = false;
  socket.on("message", (bytes) => void (answered ||= bytes.subarray(8, 20).equals(BINDING.subarray(8))));
  // Before it listens the port refuses, which is no failure.
  socket.on("error", () => undefined);
  try {
    await expect.poll(() => (socket.send(BINDING, port, "127.0.0.1"), answered), { timeout: PATIENCE, message: "coturn answers" }).toBe(true);
  } finally {
    socket.close();
  }
}

/** coturn on loopback, with one user. Skips the running test, not in silence, where there is none. */
export async function startTurn(): Promise<{ port: number; stop(): Promise<void> }> {
  const turnserver = needsProgram("turnserver", "coturn");
  const folder = await mkdtemp(join(tmpdir(), "hromada-turn-"));
  const free = await udpSocket();
  const { port } = free.address();
  free.close();
  await once(free, "close");
  const { username, credential } = USER;
  const child = spawn(
    turnserver,
    [
      "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers", `--listening-port=${port}`, "--no-cli", "--no-tls", "--no-dtls",
      "--lt-cred-mech", `--user=${username}:${credential}`, "--realm=hromada.test", `--pidfile=${join(folder, "pid")}`, `--userdb=${join(folder, "db")}`, "--no-stdout-log", "--log-file=/dev/null",
    ],
    { stdio: "ignore", cwd: folder },
  );
  const gone = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
    await rm(folder, { recursive: true });
  };
  try {
    await waitForStun(port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}
