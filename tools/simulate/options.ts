import { parseArgs } from "node:util";
import { SimulateError } from "../../src/sim/simulate/errors.ts";
import { ATTACKS, checkOptions, parseAttack, type SimulateOptions } from "../../src/sim/simulate/options.ts";

export interface CommandOptions extends SimulateOptions {
  json: boolean;
  /** Where the picture goes; null: none. */
  svg: string | null;
}

export const USAGE = `npm run simulate -- --peers N [--minutes M] [--churn C] [--attack KIND:SHARE] [--seed N] [--hidden H] [--json] [--svg FILE]
KIND is ${ATTACKS.join(", ")}. C is the chance that a device drops within a round. H is how wide the model's hidden layer
is, 32 unless said: 207 parameters each. Without --json the picture of accuracy, and of bytes against size, goes to
${"test-results/simulate.svg"} unless --svg says otherwise.`;

const SVG = "test-results/simulate.svg";

function decimal(text: string, what: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new SimulateError("bad-option", `${what} is a number, not ${text}`);
  return Number(text);
}

/** @throws SimulateError */
export function commandOptions(args: readonly string[]): CommandOptions {
  const { values } = parse(args);
  const json = values.json ?? false;
  const options = {
    peers: decimal(values.peers ?? "64", "--peers"),
    minutes: decimal(values.minutes ?? "3", "--minutes"),
    churn: decimal(values.churn ?? "0.1", "--churn"),
    seed: decimal(values.seed ?? "1", "--seed"),
    attack: values.attack === undefined ? null : parseAttack(values.attack),
    ...(values.hidden !== undefined && { hidden: decimal(values.hidden, "--hidden") }),
    json,
    svg: values.svg ?? (json ? null : SVG),
  };
  checkOptions(options);
  return options;
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ args: [...args], options: { peers: text, minutes: text, churn: text, seed: text, attack: text, hidden: text, svg: text, json: { type: "boolean" } }, strict: true, allowPositionals: false });
  } catch (error) {
    throw new SimulateError("bad-option", error instanceof Error ? error.message : String(error));
  }
}
