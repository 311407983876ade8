import * as tf from "@tensorflow/tfjs-core";
import { LOSS_NOTICE_MS } from "../limits.ts";
import { countDispatches, type Dispatches } from "./dispatches.ts";
import type { Backend } from "./gpu.ts";

interface Taken {
  device: GPUDevice;
  dispatches: Dispatches;
  lost: boolean;
}

let taken: Taken | null = null;

/** Watches the device of the WebGPU backend, which must be the current one. */
export function watchDevice(): void {
  const { device } = tf.backend() as unknown as Backend;
  if (taken?.device === device) return;
  const watched: Taken = { device, dispatches: countDispatches(device), lost: false };
  taken = watched;
  void device.lost.then(() => (watched.lost = true));
}

/** Dispatches on the current device so far; null where there is none. */
export const dispatchesSoFar = (): number | null => taken?.dispatches.count() ?? null;

/** Whether the device is gone. What it was asked for last may fail a little before it says so, so this waits for that. */
export async function isDeviceLost(): Promise<boolean> {
  const watched = taken;
  if (!watched) return false;
  // The flag is set by an earlier reaction to the same promise.
  if (!watched.lost) await Promise.race([watched.device.lost, new Promise((resolve) => setTimeout(resolve, LOSS_NOTICE_MS))]);
  return watched.lost;
}

/** Lets go of a backend whose device is lost, so that its name can be started anew on another device. */
export function dropDevice(): void {
  const factory = tf.findBackendFactory("webgpu");
  if (!factory) return;
  tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", factory);
  taken = null;
}
