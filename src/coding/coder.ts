import { codeOf, erasures, powerOfTwo, range, type Code, type Shape } from "./code.ts";
import { CodingError } from "./errors.ts";
import { bestBuild, kernelModule, startKernel, type Build, type Job } from "./kernel.ts";
import { locators } from "./leopard.ts";
import { BLOCK_BYTES, MAX_MEMORY_PAGES, POOL_MIN_BYTES } from "./limits.ts";
import { interpolate } from "./matrix.ts";
import { createPool, type Port } from "./pool.ts";

const PAGE = 65_536;
/** Of the kernel's strips (`coding-leopard.ts`). */
const SCRATCH_BYTES = 16_384;

/** The shards of one segment, in the coder's memory. */
export interface Workspace {
  readonly code: Code;
  /** Views of the n shards, data first, to be written and read in place, until the coder opens the next workspace. */
  readonly shards: readonly Uint8Array[];
  /** Makes the parity shards from the data shards. */
  encode(): Promise<void>;
  /** Makes the data shards that are absent from k that are there. @throws CodingError `lost` */
  restore(present: readonly boolean[]): Promise<void>;
  /** First byte in which a shard and these bytes, as many as a shard has, differ; the shard's length where none does. */
  firstDifference(shard: number, bytes: Uint8Array): number;
}

export interface Coder {
  /**
   * @param shardBytes a multiple of 64
   * @throws CodingError `shape`
   */
  open(shape: Shape, shardBytes: number): Workspace;
  /**
   * Takes the coder for one object; the answer gives it back.
   * @throws CodingError `busy` while another object has it
   */
  claim(): () => void;
}

export interface CoderOptions {
  /** Workers that run `serveCoding`; they share the coder's memory, which needs an isolated page. */
  workers?: { ports: readonly Port[]; /** Aborts when one of them has failed or was ended. */ gone: AbortSignal };
  build?: Build;
}

/** Codes one segment at a time in WASM memory of its own. */
export function createCoder({ workers, build = bestBuild() }: CoderOptions = {}): Coder {
  const module = kernelModule(build, workers !== undefined);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_MEMORY_PAGES, shared: workers !== undefined });
  const kernel = startKernel(module, memory);
  const pool = workers && createPool(workers.ports, module, memory, workers.gone);

  /** Next free address; 0 stands for no row. */
  let top = BLOCK_BYTES;
  const allocate = (bytes: number): number => {
    const address = top;
    top += Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
    return address;
  };
  const bytesAt = (address: number, length: number) => new Uint8Array(memory.buffer, address, length);
  const writeRows = (address: number, rows: readonly number[]) => new Uint32Array(memory.buffer, address, rows.length).set(rows);

  function lay(shape: Shape, shardBytes: number): Workspace {
    const code = codeOf(shape);
    if (shardBytes < BLOCK_BYTES || shardBytes % BLOCK_BYTES !== 0) throw new CodingError("shape", `a shard is a multiple of ${BLOCK_BYTES} bytes, not ${shardBytes}`);
    const { k, m, n, field, size } = code;
    const points = powerOfTwo(size + k);
    const threads = pool && k * shardBytes >= POOL_MIN_BYTES ? pool.threads : 1;
    top = BLOCK_BYTES;
    // Shards a power of two apart would share the cache's sets.
    const stride = shardBytes + BLOCK_BYTES;
    const rows = allocate((n + 1) * stride);
    const inputs = allocate(4 * Math.max(points, n + size));
    const outputs = allocate(4 * Math.max(points, n));
    const skews = allocate(size && (points / 2) * field.tableBytes);
    const parityFactors = allocate(size ? 0 : k * m * field.tableBytes);
    const factors = allocate(Math.max(size && points * field.tableBytes, field.bits === 8 ? k * m * field.tableBytes : 0));
    const scratchBytes = Math.max(SCRATCH_BYTES, Math.max(2 * size, points) * BLOCK_BYTES);
    const scratch = allocate(threads * scratchBytes);
    const pages = Math.ceil(top / PAGE);
    if (pages > MAX_MEMORY_PAGES) throw new CodingError("shape", `${n} shards of ${shardBytes} bytes are too much for one segment; take shorter ones`);
    const have = memory.buffer.byteLength / PAGE;
    if (pages > have) memory.grow(pages - have);

    const memoryBytes = bytesAt(0, top);
    for (let i = 0; size && i < points / 2; i++) field.writeTable(2 * i, memoryBytes, skews + i * field.tableBytes);
    const row = (shard: number) => rows + shard * stride;
    const data = Array.from({ length: k }, (_, shard) => row(shard));
    const parity = Array.from({ length: m }, (_, i) => row(k + i));
    const padded = (list: readonly number[], length: number) => [...list, ...new Array<number>(length - list.length).fill(0)];

    /** Runs a job on all columns, a range a thread. */
    async function run(job: Job, args: readonly number[]): Promise<void> {
      const part = Math.ceil(shardBytes / BLOCK_BYTES / threads) * BLOCK_BYTES;
      const argsOf = (thread: number) => [...args, scratch + thread * scratchBytes, Math.min(thread * part, shardBytes), Math.min((thread + 1) * part, shardBytes)];
      if (pool && threads > 1) await pool.run(job, argsOf);
      else kernel[job](...argsOf(0));
    }

    /** Writes the tables of the matrix that makes some shards from k others. */
    function writeMatrix(at: number, from: readonly number[], to: readonly number[]): void {
      const matrix = interpolate(code, from, to);
      for (let first = 0; first < to.length; first += 4) {
        const group = matrix.slice(first, first + 4);
        for (let f = 0; f < k; f++) {
          for (const line of group) {
            field.writeTable(line[f]!, memoryBytes, at);
            at += field.tableBytes;
          }
        }
      }
    }

    async function multiply(tables: number, from: readonly number[], to: readonly number[]): Promise<void> {
      writeRows(inputs, from.map(row));
      writeRows(outputs, to.map(row));
      await run("multiply", [tables, inputs, outputs, k, to.length]);
    }

    if (!size) writeMatrix(parityFactors, range(0, k), range(k, n));
    return {
      code,
      shards: Array.from({ length: n }, (_, shard) => bytesAt(row(shard), shardBytes)),
      async encode() {
        if (!size) return multiply(parityFactors, range(0, k), range(k, n));
        writeRows(inputs, padded(data, Math.ceil(k / size) * size));
        writeRows(outputs, padded(parity, size));
        await run(field.bits === 8 ? "encode8" : "encode16", [skews, inputs, outputs, k, size]);
      },
      async restore(present) {
        const { from, lost } = erasures(code, present);
        if (lost.length === 0) return;
        // A product costs as much as a butterfly: the matrix has k × lost of them, the transforms size · log size.
        if (!size || (field.bits === 8 && lost.length * k <= points * Math.log2(points))) {
          writeMatrix(factors, from, lost);
          return multiply(factors, from, lost);
        }
        for (const [point, factor] of locators(code, from, lost)) field.writeTable(factor, memoryBytes, factors + point * field.tableBytes);
        const at = (shards: readonly number[]) => {
          const list = new Array<number>(points).fill(0);
          for (const shard of shards) list[code.point(shard)] = row(shard);
          return list;
        };
        writeRows(inputs, at(from));
        writeRows(outputs, at(lost));
        await run(field.bits === 8 ? "decode8" : "decode16", [skews, factors, inputs, outputs, code.point(lost[0]!), size + k, points]);
      },
      firstDifference(shard, bytes) {
        const spare = row(n);
        bytesAt(spare, shardBytes).set(bytes);
        return kernel.firstDifference(row(shard), spare, shardBytes);
      },
    };
  }

  let claimed = false;
  let current: { shape: Shape; shardBytes: number; workspace: Workspace } | undefined;
  return {
    open(shape, shardBytes) {
      const { codec, k, m } = shape;
      const same = current?.shardBytes === shardBytes && current.shape.codec === codec && current.shape.k === k && current.shape.m === m;
      if (!same) current = { shape, shardBytes, workspace: lay(shape, shardBytes) };
      return current!.workspace;
    },
    claim() {
      if (claimed) throw new CodingError("busy", "this coder is at work on another object; create another coder beside it");
      claimed = true;
      return () => void (claimed = false);
    },
  };
}
