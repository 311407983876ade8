import { proxy, wrap, type Remote } from "comlink";
import { createRtcHost } from "../../src/mesh/rtc.page.ts";
import type { Node } from "./worker.ts";

declare global {
  var node: Remote<Node> | undefined;
}

/** The app's page, without the app: it owns the connections, and a worker owns the mesh. */
const node = wrap<Node>(new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "mesh" }));
await node.open(`ws://${location.host}/signal`, proxy(createRtcHost()));
globalThis.node = node;
