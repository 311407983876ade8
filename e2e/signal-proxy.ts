import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { SIGNAL_PATH, toServerCodec, type ToServer } from "../src/signal/protocol.ts";

/** A signalling server that writes everything down, and may change what it relays. */
export interface SignalProxy {
  /** For a join link. */
  url: string;
  /** What each socket sent, in order. */
  sockets: ToServer[][];
  close(): Promise<void>;
}

/** @param change what becomes of a message on its way from a device; the devices' own by default. */
export async function openSignalProxy(server: string, change: (message: ToServer) => ToServer = (message) => message): Promise<SignalProxy> {
  const proxy = new WebSocketServer({ port: 0, host: "127.0.0.1", path: SIGNAL_PATH });
  await once(proxy, "listening");
  const codec = toServerCodec();
  const sockets: ToServer[][] = [];
  proxy.on("connection", (device) => {
    const sent: ToServer[] = [];
    sockets.push(sent);
    const onward = new WebSocket(server);
    const open = once(onward, "open");
    device.on("message", (data: Buffer) => {
      const message = codec.decode(data);
      sent.push(message);
      void open.then(() => onward.send(codec.encode(change(message))));
    });
    onward.on("message", (data: Buffer) => device.send(data));
    device.on("close", () => void open.then(() => onward.close()));
    onward.on("close", () => device.close());
  });
  return {
    url: `ws://localhost:${(proxy.address() as AddressInfo).port}${SIGNAL_PATH}`,
    sockets,
    async close() {
      for (const socket of proxy.clients) socket.terminate();
      await new Promise((done) => proxy.close(done));
    },
  };
}
