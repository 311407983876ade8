import * as tf from "@tensorflow/tfjs-core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";

/** The part of tfjs-backend-webgpu 4.22 that is used here, its private state included: kernels of both kinds go into one pass. */
interface Internals {
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
  uniformPendingDisposal: GPUBuffer[];
}
export type Backend = Omit<WebGPUBackend, keyof Internals> & Internals;

/**
 * A kernel in WGSL. `code` holds functions and the entry `main`, and reads the bindings by the names given here:
 * arrays of the tensors, `u` with the scalars. Every scalar is 4 bytes, so that their struct has no gaps.
 */
export interface Kernel {
  name: string;
  /** Name of each tensor read, and what it holds. */
  reads: Record<string, "f32" | "i32">;
  /** Names of the tensors written, all float32. */
  writes: readonly string[];
  scalars: Record<string, "u32" | "i32" | "f32">;
  /** Threads in a workgroup, a power of two up to 256; absent: 64. */
  threads?: number;
  code: string;
}

export interface Run {
  reads: Record<string, tf.TensorInfo>;
  writes: Record<string, tf.TensorInfo>;
  scalars: Record<string, number>;
  /** How many workgroups; a kernel that counts them in a row finds its own by `group()`. */
  groups: number;
}

export interface Gpu {
  backend: Backend;
  run(kernel: Kernel, run: Run): void;
  output(shape: number[], dtype?: "float32" | "int32"): tf.TensorInfo;
  /** Copies values between tensors, in tensors' own order, without a dispatch. Offsets and lengths count values. */
  copy(parts: readonly { from: tf.TensorInfo; fromAt: number; to: tf.TensorInfo; toAt: number; length: number }[]): void;
}

const MOST_GROUPS = 65_535; // of one dimension: WebGPU's limit everywhere
const UNIFORM_BYTES = 64;

/** Our kernels on the buffers, encoder and passes of tfjs's WebGPU backend, so that kernels of both kinds mix and share submits. */
export function createGpu(backend: Backend): Gpu {
  const pipelines = new Map<string, { pipeline: GPUComputePipeline; layout: GPUBindGroupLayout }>();

  const pipelineOf = (kernel: Kernel) => {
    const made = pipelines.get(kernel.name);
    if (made) return made;
    const module = backend.device.createShaderModule({ code: sourceOf(kernel), label: kernel.name });
    const pipeline = backend.device.createComputePipeline({ compute: { module, entryPoint: "main" }, label: kernel.name, layout: "auto" });
    const entry = { pipeline, layout: pipeline.getBindGroupLayout(0) };
    pipelines.set(kernel.name, entry);
    return entry;
  };

  const bufferOf = (tensor: tf.TensorInfo): GPUBuffer => {
    backend.uploadToGPU(tensor.dataId);
    // Not to be reused before what is encoded has been submitted.
    backend.commandQueueOwnedIds.add(tensor.dataId);
    return backend.tensorMap.get(tensor.dataId).resource as GPUBuffer;
  };

  const uniform = (kernel: Kernel, scalars: Run["scalars"]): GPUBuffer => {
    const bytes = new DataView(new ArrayBuffer(UNIFORM_BYTES));
    Object.entries(kernel.scalars).forEach(([name, type], i) => {
      const value = scalars[name];
      if (value === undefined) throw new Error(`${kernel.name}: no ${name} was given`);
      if (type === "f32") bytes.setFloat32(4 * i, value, true);
      else bytes.setInt32(4 * i, value, true);
    });
    const buffer = backend.bufferManager.acquireBuffer(UNIFORM_BYTES, GPUBufferUsage.COPY_DST | GPUBufferUsage.UNIFORM);
    backend.queue.writeBuffer(buffer, 0, bytes.buffer);
    backend.uniformPendingDisposal.push(buffer);
    return buffer;
  };

  return {
    backend,
    output: (shape, dtype = "float32") => backend.makeTensorInfo(shape, dtype),

    run(kernel, { reads, writes, scalars, groups }) {
      const { pipeline, layout } = pipelineOf(kernel);
      const tensors = [...Object.keys(kernel.reads).map((name) => reads[name]!), ...kernel.writes.map((name) => writes[name]!)];
      // Uploads may end the pass, so they come before it is taken.
      const buffers = [...tensors.map(bufferOf), uniform(kernel, scalars)];
      const bindGroup = backend.device.createBindGroup({ layout, entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })) });
      backend.ensureCommandEncoderReady();
      const pass = (backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass());
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(Math.min(groups, MOST_GROUPS), Math.ceil(groups / MOST_GROUPS));
      backend.dispatchCountInPass += 1;
      if (backend.dispatchCountInPass >= tf.env().getNumber("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE")) {
        backend.endComputePassEncoder();
        backend.submitQueue();
      }
    },

    copy(parts) {
      const placed = parts.map(({ from, fromAt, to, toAt, length }) => [bufferOf(from), 4 * fromAt, bufferOf(to), 4 * toAt, 4 * length] as const);
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      for (const part of placed) backend.commandEncoder!.copyBufferToBuffer(...part);
    },
  };
}

/** Threads in a workgroup, where a kernel does not say otherwise. */
export const THREADS = 64;

function sourceOf({ reads, writes, scalars, threads = THREADS, code }: Kernel): string {
  const arrays = [...Object.entries(reads).map(([name, type]) => `read> ${name}: array<${type}>`), ...writes.map((name) => `read_write> ${name}: array<f32>`)];
  const bindings = arrays.map((array, binding) => `@group(0) @binding(${binding}) var<storage, ${array};`);
  const fields = Object.entries(scalars).map(([name, type]) => `${name}: ${type},`);
  // A struct in uniform space is filled up to 16 bytes by itself only at its end.
  return `
struct Scalars { ${fields.join(" ")} }
${bindings.join("\n")}
@group(0) @binding(${arrays.length}) var<uniform> u: Scalars;
const THREADS = ${threads}u;
var<workgroup> partial: array<f32, ${threads}>;

// The same order of additions on every run: what one seed gives is always the same.
fn sumOf(value: f32, thread: u32) -> f32 {
  partial[thread] = value;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) { partial[thread] += partial[thread + half]; }
    workgroupBarrier();
  }
  let sum = workgroupUniformLoad(&partial[0]);
  return sum;
}

fn maxOf(value: f32, thread: u32) -> f32 {
  partial[thread] = value;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) { partial[thread] = max(partial[thread], partial[thread + half]); }
    workgroupBarrier();
  }
  let top = workgroupUniformLoad(&partial[0]);
  return top;
}
${code}`;
}

/** The head of an entry that takes one workgroup for each item of \`count\`. */
export const ENTRY = `
@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) all: vec3<u32>) {
  let group = id.y * all.x + id.x;
`;

export const sizeOf = ({ shape }: tf.TensorInfo): number => shape.reduce((a, b) => a * b, 1);

type Args = { inputs: Record<string, tf.TensorInfo>; attrs: Record<string, unknown>; backend: unknown };

/** Registers one of our kernels, in place of tfjs's own where it has one. */
export function registerGpuKernel(kernelName: string, kernelFunc: (args: Args) => tf.TensorInfo | tf.TensorInfo[]): void {
  if (tf.getKernel(kernelName, "webgpu")) tf.unregisterKernel(kernelName, "webgpu");
  tf.registerKernel({ kernelName, backendName: "webgpu", kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

const gpus = new WeakMap<object, Gpu>();

/** The GPU of the backend that a kernel was called on: after a loss of the device it is another one. */
export function gpuOf(backend: unknown): Gpu {
  const key = backend as Backend;
  const known = gpus.get(key);
  if (known) return known;
  const gpu = createGpu(key);
  gpus.set(key, gpu);
  return gpu;
}
