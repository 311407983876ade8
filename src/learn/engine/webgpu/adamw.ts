import { FUSED } from "../ops/fused.ts";
import { ENTRY, gpuOf, registerGpuKernel, sizeOf, THREADS, type Kernel } from "./gpu.ts";

/** In place, on the three vectors that training keeps on the GPU. 1 − β comes rounded from float64: in float32, 1 − 0.999 is off by 1e-5. */
const adamw: Kernel = {
  name: FUSED.adamw,
  reads: { gradient: "f32", scale: "f32", decays: "f32" },
  writes: ["params", "mean", "square"],
  scalars: { size: "u32", offset: "u32", beta1: "f32", rest1: "f32", beta2: "f32", rest2: "f32", epsilon: "f32", decay: "f32", rate: "f32", correction: "f32" },
  code: `${ENTRY}
  let i = group * THREADS + thread;
  if (i >= u.size) { return; }
  let g = gradient[i + u.offset] * scale[0];
  let m = u.beta1 * mean[i] + u.rest1 * g;
  let s = u.beta2 * square[i] + u.rest2 * g * g;
  mean[i] = m;
  square[i] = s;
  params[i] = (1.0 - u.decay * decays[i]) * params[i] - u.rate * m / (sqrt(s * u.correction) + u.epsilon);
}`,
};

/** Workgroups, and threads of each, that square and add up a gradient. */
const LANES = 256;

const squares: Kernel = {
  name: `${FUSED.gradientScale}Squares`,
  reads: { packed: "f32" },
  writes: ["parts"],
  scalars: { end: "u32", offset: "u32" },
  threads: LANES,
  code: `${ENTRY}
  var sum = 0.0;
  for (var i = u.offset + group * THREADS + thread; i < u.end; i += ${LANES}u * THREADS) { sum += packed[i] * packed[i]; }
  let whole = sumOf(sum, thread);
  if (thread == 0u) { parts[group] = whole; }
}`,
};

const scaleOf: Kernel = {
  name: FUSED.gradientScale,
  reads: { parts: "f32" },
  writes: ["scale"],
  scalars: { limit: "f32" },
  threads: LANES,
  code: `${ENTRY}
  let whole = sumOf(parts[thread], thread);
  if (group == 0u && thread == 0u) { scale[0] = min(1.0, u.limit / max(sqrt(whole), 1e-30)); }
}`,
};

/** Puts out nothing but a scalar's room: the kernel writes its inputs `params`, `mean` and `square`. */
export function registerAdamW(): void {
  registerGpuKernel(FUSED.adamw, ({ inputs: { params, mean, square, gradient, scale, decays }, attrs, backend }) => {
    const size = sizeOf(params!);
    const constants = attrs as Record<string, number>;
    const gpu = gpuOf(backend);
    gpu.run(adamw, {
      reads: { gradient: gradient!, scale: scale!, decays: decays! },
      writes: { params: params!, mean: mean!, square: square! },
      scalars: { ...constants, rest1: 1 - constants["beta1"]!, rest2: 1 - constants["beta2"]!, size },
      groups: Math.ceil(size / THREADS),
    });
    return [];
  });

  registerGpuKernel(FUSED.gradientScale, ({ inputs: { packed }, attrs, backend }) => {
    const { offset, limit } = attrs as Record<string, number>;
    const gpu = gpuOf(backend);
    const [parts, scale] = [gpu.output([LANES]), gpu.output([1])];
    gpu.run(squares, { reads: { packed: packed! }, writes: { parts }, scalars: { end: sizeOf(packed!), offset: offset! }, groups: LANES });
    gpu.run(scaleOf, { reads: { parts }, writes: { scale }, scalars: { limit: limit! }, groups: 1 });
    gpu.backend.disposeData(parts.dataId);
    return scale;
  });
}
