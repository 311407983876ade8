/** Some of a room's devices, in a process of their own: room.ts tells it which, and hears what they commit. */
import { WebSocket } from "ws";
import type { Room } from "../src/device/api.ts";
import type { Session } from "../src/device/session.ts";
import { startDevice, type Committed, type RoomSetting } from "./room-device.ts";
import { createLinkHub } from "./room-links.ts";

export type ToWorker = { type: "begin"; place: Room; setting: RoomSetting } | { type: "add"; device: number } | { type: "look" };

/** Of one device. */
export interface Look {
  device: number;
  reachable: number;
  /** Bytes at its channels: what is its own, relayed, and the mesh's. */
  up: number;
  /** Milliseconds of a processor: its share of those that its process has had. */
  busy: number;
}

export type FromWorker = { type: "committed"; commit: Committed } | { type: "looks"; looks: Look[] } | { type: "problem"; message: string };

Object.assign(globalThis, { WebSocket });
const devices = new Map<number, Session>();
const hub = await createLinkHub();
const tell = (message: FromWorker): void => void process.send!(message);
let begun: Extract<ToWorker, { type: "begin" }> | null = null;

process.on("disconnect", () => process.exit());
process.on("message", (message: ToWorker) => {
  switch (message.type) {
    case "begin":
      begun = message;
      return;
    case "add": {
      const { place, setting } = begun!;
      const started = startDevice(message.device, place, hub.host(), setting, (commit) => tell({ type: "committed", commit }), (error) => tell({ type: "problem", message: String(error) }));
      devices.set(message.device, started);
      return;
    }
    case "look": {
      const { user, system } = process.cpuUsage();
      const busy = (user + system) / 1000 / devices.size;
      const looks = [...devices].map(([device, session]): Look => {
        const { reachable, up } = session.mesh();
        return { device, reachable: reachable.length, up: up.own + up.relayed + up.overhead, busy };
      });
      tell({ type: "looks", looks });
    }
  }
});
