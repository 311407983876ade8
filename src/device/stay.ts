/** What a stay in a room is made of: loaded with the first one (device.ts). */
export { createKernels } from "../securesum/kernel.ts";
export { createSealing } from "./sealing.ts";
export { createSession } from "./session.ts";
export { sessionView } from "./snapshot.ts";
