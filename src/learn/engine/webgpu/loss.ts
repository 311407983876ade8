import { FUSED } from "../ops/fused.ts";
import { ENTRY, gpuOf, registerGpuKernel, sizeOf, THREADS, type Kernel } from "./gpu.ts";

const forward: Kernel = {
  name: FUSED.crossEntropy,
  reads: { logits: "f32", labels: "i32" },
  writes: ["losses", "logs"],
  // WGSL has no way to write a NaN down, so it is given.
  scalars: { rows: "u32", width: "u32", missing: "f32" },
  code: `${ENTRY}
  if (group >= u.rows) { return; }
  let at = group * u.width;
  var top = -3.4e38;
  for (var i = thread; i < u.width; i += THREADS) { top = max(top, logits[at + i]); }
  let highest = maxOf(top, thread);
  var sum = 0.0;
  for (var i = thread; i < u.width; i += THREADS) { sum += exp(logits[at + i] - highest); }
  let logSum = highest + log(sumOf(sum, thread));
  if (thread == 0u) {
    let label = labels[group];
    logs[group] = logSum;
    if (label >= 0 && u32(label) < u.width) { losses[group] = logSum - logits[at + u32(label)]; } else { losses[group] = u.missing; }
  }
}`,
};

const backward: Kernel = {
  name: FUSED.crossEntropyGrad,
  reads: { logits: "f32", labels: "i32", logs: "f32", dlosses: "f32" },
  writes: ["dlogits"],
  scalars: { width: "u32", size: "u32" },
  code: `${ENTRY}
  let i = group * THREADS + thread;
  if (i >= u.size) { return; }
  let row = i / u.width;
  let own = select(0.0, 1.0, labels[row] == i32(i - row * u.width));
  dlogits[i] = (exp(logits[i] - logs[row]) - own) * dlosses[row];
}`,
};

export function registerLoss(): void {
  registerGpuKernel(FUSED.crossEntropy, ({ inputs: { logits, labels }, backend }) => {
    const gpu = gpuOf(backend);
    const [rows, width] = logits!.shape as [number, number];
    const [losses, logs] = [gpu.output([rows]), gpu.output([rows])];
    gpu.run(forward, { reads: { logits: logits!, labels: labels! }, writes: { losses, logs }, scalars: { rows, width, missing: NaN }, groups: rows });
    return [losses, logs];
  });

  registerGpuKernel(FUSED.crossEntropyGrad, ({ inputs: { logits, labels, logs, dlosses }, backend }) => {
    const gpu = gpuOf(backend);
    const dlogits = gpu.output(logits!.shape);
    const size = sizeOf(dlogits);
    gpu.run(backward, {
      reads: { logits: logits!, labels: labels!, logs: logs!, dlosses: dlosses! },
      writes: { dlogits },
      scalars: { width: logits!.shape[1]!, size },
      groups: Math.ceil(size / THREADS),
    });
    return dlogits;
  });
}
