import { app } from "./app.ts";
import { coding } from "./coding.ts";
import { compression } from "./compression.ts";
import { federation } from "./federation.ts";
import { identity } from "./identity.ts";
import { keep } from "./kept.ts";
import { machine, table, type Bench, type BenchResult } from "./harness.ts";
import { mesh } from "./mesh.ts";
import { room } from "./room.ts";
import { securesum } from "./securesum.ts";
import { signal } from "./signal.ts";
import { swarm } from "./swarm.ts";
import { text } from "./text.ts";
import { training } from "./training.ts";

/** Every benchmark of the project, by name. */
const benches: readonly Bench[] = [federation, signal, mesh, room, identity, securesum, coding, training, text, compression, swarm, app];

const [name, ...flags] = process.argv.slice(2);
const json = flags.includes("--json");
const bench = benches.find((known) => known.name === name);

if (bench === undefined || flags.some((flag) => !["--json", "--keep"].includes(flag))) {
  const list = benches.map((known) => `  ${known.name.padEnd(12)} ${known.about}`).join("\n");
  const help = `npm run bench -- NAME [--json] [--keep]\n${list}\n`;
  (name === undefined ? process.stdout : process.stderr).write(name === undefined ? help : `there is no benchmark ${[name, ...flags].join(" ")}\n${help}`);
  process.exit(name === undefined ? 0 : 2);
}

const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
const result: BenchResult = { name: bench.name, machine: machine(), rows: await bench.run(say) };
say(`\n${result.machine}\n${table(result)}`);
if (flags.includes("--keep")) await keep(result);
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(result.rows.some(({ met }) => met === false) ? 1 : 0);
