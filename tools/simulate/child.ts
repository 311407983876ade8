/** Runs the simulation that its parent names (beside.ts). */
import type { SimulateOptions } from "../../src/sim/simulate/options.ts";
import { runSimulation } from "./run.ts";

process.once("message", (options) => void runSimulation(options as SimulateOptions).then((report) => process.send!(report, () => process.disconnect())));
