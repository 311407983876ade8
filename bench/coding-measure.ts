import { ReedSolomonErasure } from "@subspace/reed-solomon-erasure.wasm";
import { init, reedSolomon } from "@typeberry/native";
import { range, shapeFor, type CodecId } from "../src/coding/code.ts";
import { createCoder, type Coder } from "../src/coding/coder.ts";

const MiB = 2 ** 20;
export const SHAPES = [[4, 2], [8, 4], [16, 16], [64, 64]] as const;
/** typeberry's collections take shards of up to 65,535 bytes, in blocks of 64. */
const TYPEBERRY_SHARD = 32_768;
/** Rounds that warm the code up, and rounds that count: at least so many, and more until the time is over. */
const ROUNDS = { cold: 6, least: 15, most: 60, milliseconds: 3_000 };

/** Megabytes of data a second, medians of interleaved whole calls on 1 MiB: copy in, code, copy out. */
export interface Measured {
  k: number;
  m: number;
  codec: CodecId;
  encode: Record<Contender, number>;
  /** As many data shards as there is parity are lost. */
  decode: Record<Contender, number>;
  /** Encoding what lies in WASM memory, and copying it there: 16 MiB. */
  kernel: { encode: number; copy: number };
}
type Contender = "ours" | "subspace" | "typeberry";

/** (module (import "env" "memory" (memory 0)) (func (export "copy") (param i32 i32 i32) … memory.copy)) */
const COPY = "AGFzbQEAAAABBwFgA39/fwACDwEDZW52Bm1lbW9yeQIAAAMCAQAHCAEEY29weQAACg4BDAAgACABIAL8CgAACw==";

/** @param subspaceWasm the module of @subspace/reed-solomon-erasure.wasm */
export async function measureCoding(subspaceWasm: Uint8Array<ArrayBuffer>, say: (line: string) => void): Promise<Measured[]> {
  await init.reedSolomon();
  const subspace = ReedSolomonErasure.fromBytes(subspaceWasm);
  const coder = createCoder();
  const measured: Measured[] = [];
  for (const [k, m] of SHAPES) {
    say(`${k} + ${m} …`);
    measured.push({ k, m, codec: shapeFor(k, m).codec, ...(await wholeCalls(coder, subspace, k, m)), kernel: await kernelSpeed(coder, k, m) });
  }
  return measured;
}

async function wholeCalls(coder: Coder, subspace: ReedSolomonErasure, k: number, m: number): Promise<Pick<Measured, "encode" | "decode">> {
  const shape = shapeFor(k, m);
  const bytes = MiB / k;
  const lost = Math.min(k, m);
  const data = new Uint8Array(MiB).map((_, i) => (Math.imul(i, 0x9e3779b1) >>> 13) & 255);
  const shardOf = (all: Uint8Array, i: number) => all.subarray(i * bytes, (i + 1) * bytes);
  const there = range(0, k + m).map((i) => i >= lost);
  const out = new Uint8Array(m * bytes);

  const ourEncode = async () => {
    const { shards, encode } = coder.open(shape, bytes);
    for (let i = 0; i < k; i++) shards[i]!.set(shardOf(data, i));
    await encode();
    for (let i = 0; i < m; i++) out.set(shards[k + i]!, i * bytes);
  };
  await ourEncode();
  const ourWhole = Uint8Array.from([...data, ...out]);
  const ourDecode = async () => {
    const { shards, restore } = coder.open(shape, bytes);
    for (let i = lost; i < k + lost; i++) shards[i]!.set(shardOf(ourWhole, i));
    await restore(there);
    for (let i = 0; i < lost; i++) out.set(shards[i]!, i * bytes);
  };

  const subspaceWhole = new Uint8Array((k + m) * bytes);
  subspaceWhole.set(data);
  const ok = (result: number) => {
    if (result !== ReedSolomonErasure.RESULT_OK) throw new Error(`subspace's coder answers ${result}`);
  };

  const piece = Math.min(bytes, TYPEBERRY_SHARD);
  const pieces = MiB / (k * piece);
  const collect = (shards: Uint8Array, indices?: Uint16Array) => new reedSolomon.ShardsCollection(piece, shards, indices);
  const parity = reedSolomon.encode(m, collect(data.subarray(0, k * piece))).take_data();
  const rest = Uint8Array.from([...data.subarray(lost * piece, k * piece), ...parity.subarray(0, lost * piece)]);
  const indices = Uint16Array.from({ length: k }, (_, i) => lost + i);

  const calls: Record<string, () => Promise<void> | void> = {
    "encode ours": ourEncode,
    "decode ours": ourDecode,
    "encode subspace": () => ok(subspace.encode(subspaceWhole, k, m)),
    "decode subspace": () => ok(subspace.reconstruct(subspaceWhole, k, m, there)),
    "encode typeberry": () => {
      for (let i = 0; i < pieces; i++) reedSolomon.encode(m, collect(data.subarray(i * k * piece, (i + 1) * k * piece))).take_data();
    },
    "decode typeberry": () => {
      for (let i = 0; i < pieces; i++) reedSolomon.decode(k, m, collect(rest, indices)).take_data();
    },
  };
  const speeds = await interleaved(calls, MiB);
  await ourDecode();
  if (out.subarray(0, lost * bytes).some((byte, i) => byte !== data[i])) throw new Error("our decoder did not restore the data");
  const of = (what: string) => ({ ours: speeds[`${what} ours`]!, subspace: speeds[`${what} subspace`]!, typeberry: speeds[`${what} typeberry`]! });
  return { encode: of("encode"), decode: of("decode") };
}

async function kernelSpeed(coder: Coder, k: number, m: number): Promise<Measured["kernel"]> {
  const bytes = 16 * MiB;
  const { shards, encode } = coder.open(shapeFor(k, m), bytes / k);
  shards.forEach((shard, i) => shard.fill(i));
  const memory = new WebAssembly.Memory({ initial: (2 * bytes) / 65_536 });
  new Uint8Array(memory.buffer).fill(1);
  const { copy } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(atob(COPY), (c) => c.charCodeAt(0))), { env: { memory } }).exports as { copy(to: number, from: number, bytes: number): void };
  const { encode: ours, copy: theirs } = await interleaved({ encode, copy: () => copy(bytes, 0, bytes) }, bytes);
  return { encode: ours!, copy: theirs! };
}

/** Megabytes a second of each, by the median of its calls. In every round another goes before it, and leaves the caches as it does. */
export async function interleaved(calls: Record<string, () => Promise<void> | void>, bytes: number): Promise<Record<string, number>> {
  const names = Object.keys(calls);
  const times = new Map(names.map((name) => [name, [] as number[]]));
  const end = performance.now() + ROUNDS.milliseconds;
  for (let round = 0; round < ROUNDS.least || (round < ROUNDS.most && performance.now() < end); round++) {
    const order = new Map(names.map((name) => [name, Math.random()]));
    for (const name of names.toSorted((a, b) => order.get(a)! - order.get(b)!)) {
      const started = performance.now();
      await calls[name]!();
      if (round >= ROUNDS.cold) times.get(name)!.push(performance.now() - started);
    }
  }
  return Object.fromEntries([...times].map(([name, list]) => [name, bytes / 1000 / median(list)]));
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
