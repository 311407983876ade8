/** All curves of one seed, in a process of its own: text.ts forks it with the seed as its argument. */
import { startEngine } from "../src/learn/engine/backend.ts";
import { nodeWasmFiles } from "../src/learn/testing/node.ts";
import { mobyDick, runText, type Curves } from "./text-experiment.ts";

/** What the process says: how far it is, and in the end its curves. */
export type SeedMessage = { line: string } | { curves: Curves };

const tell = (message: SeedMessage): Promise<void> => new Promise((resolve) => process.send!(message, () => resolve()));

await startEngine(nodeWasmFiles, "wasm");
const curves = await runText(mobyDick(), Number(process.argv[2]), (line) => void tell({ line }));
await tell({ curves });
process.disconnect();
