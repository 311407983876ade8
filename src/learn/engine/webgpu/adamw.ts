import { FUSED } from "../ops/fused.ts";
import { ENTRY, gpuOf, registerGpuKernel, sizeOf, THREADS, type Kernel } from "./gpu.ts";

/** In place, on the three vectors that training keeps on the GPU. */
const adamw: Kernel = {
  name: FUSED.adamw,
  reads: { gradient: "f32", decays: "f32" },
  writes: ["params", "mean", "square"],
  scalars: { size: "u32", offset: "u32", beta1: "f32", beta2: "f32", epsilon: "f32", decay: "f32", rate: "f32", correction: "f32" },
  code: `${ENTRY}
  let i = group * THREADS + thread;
  if (i >= u.size) { return; }
  let g = gradient[i + u.offset];
  let m = u.beta1 * mean[i] + (1.0 - u.beta1) * g;
  let s = u.beta2 * square[i] + (1.0 - u.beta2) * g * g;
  mean[i] = m;
  square[i] = s;
  params[i] = (1.0 - u.decay * decays[i]) * params[i] - u.rate * m / (sqrt(s * u.correction) + u.epsilon);
}`,
};

/** Puts out nothing but a scalar's room: the kernel writes its inputs `params`, `mean` and `square`. */
export function registerAdamW(): void {
  registerGpuKernel(FUSED.adamw, ({ inputs: { params, mean, square, gradient, decays }, attrs, backend }) => {
    const size = sizeOf(params!);
    const gpu = gpuOf(backend);
    gpu.run(adamw, {
      reads: { gradient: gradient!, decays: decays! },
      writes: { params: params!, mean: mean!, square: square! },
      scalars: { ...(attrs as Record<string, number>), size },
      groups: Math.ceil(size / THREADS),
    });
    return [];
  });
}
