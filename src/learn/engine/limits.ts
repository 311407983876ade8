/** Named limits of the engine. */

/** After something failed on a GPU: how long its device has to say that it is lost. */
export const LOSS_NOTICE_MS = 500;
/** A round that loses a GPU is begun again this often on a new device; after that on WASM. */
export const NEW_DEVICES = 1;

/** A trial of one backend: steps that are timed after the first, and about how long they may take together. */
export const TRIAL_STEPS = 3;
export const TRIAL_MS = 1_500;
/** A backend that has not shown its first step by then is not waited for. */
export const TRIAL_TIMEOUT_MS = 15_000;
/** A kept choice is tried anew after this long: browsers and drivers change under one version too. */
export const CHOICE_AGE_MS = 30 * 24 * 3600 * 1000;

/**
 * Bytes of tensors that a step may hold. Of a goal of 300 MB (200 on a phone) Chromium takes 116 MiB for an empty page,
 * and the engine with a model of 1 M some 45 beside its tensors.
 */
export const TENSOR_BYTES = 120 * 2 ** 20;
export const PHONE_TENSOR_BYTES = 32 * 2 ** 20;
/** Devices with so much memory or less count as phones. */
export const PHONE_MEMORY_GIB = 4;

/** Threads that one step is cut for by itself, and that a person may ask for, the train worker included. */
export const AUTO_THREADS = 4;
export const MAX_THREADS = 8;
/** Shorter steps are not cut: at a share of this, the messages and the sum would be a good part of it. */
export const LEAST_CUT_MS = 20;
/** Several threads have to be so much faster than one: they take more memory and energy. */
export const LEAST_GAIN = 1.15;
/** A helper may take so many times as long as the train worker for its slice, and at least so long; then it is ended. */
export const HELPER_PATIENCE = { times: 10, ms: 5_000 };
/** Helpers that had nothing to do for so long are ended; the next step starts them anew. */
export const HELPER_IDLE_MS = 60_000;
