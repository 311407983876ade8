/** Named limits of the room. */

/** Digits in one pack: a device fetches only the packs of its share, each about 160 kB. */
export const PACK_SAMPLES = 1000;
export const TRAIN_PACKS = 60;
export const TEST_PACKS = 10;

/** Bytes of one pack as served. */
export const MAX_PACK_BYTES = 300_000;
/** Bytes of one pack after decompression; stops a compressed bomb. */
export const MAX_PACK_RAW_BYTES = 1 << 20;
/** Packs fetched at the same time. */
export const PACK_FETCHES = 4;
/** A pack that has not arrived by then counts as missing. */
export const PACK_TIMEOUT_MS = 30_000;

/** Samples that one device trains on: bounds its memory (11.8 MB of pixels) and its download (2.4 MB). */
export const MAX_DEVICE_SAMPLES = 15_000;
/** Uneven shares are cut from this many packs, because every device has to know all their labels. */
export const UNEVEN_POOL_PACKS = 20;
export const MAX_SHARES = 2_000;
/** No uneven share is left with fewer samples than this, or than an even cut of the pool if that is less. */
export const MIN_SHARE_SAMPLES = 32;
/** Digits that a person may draw. */
export const MAX_DRAWN_SAMPLES = 10_000;

/** Layers in a topology that a manifest brings. */
export const MAX_LAYERS = 64;
/** Trainable numbers of a model (80 MB as float32). */
export const MAX_PARAMETERS = 20_000_000;
/** Numbers that one layer may put out for one sample. */
export const MAX_LAYER_OUTPUT = 4_000_000;
/** Characters of a topology's JSON. */
export const MAX_TOPOLOGY_CHARACTERS = 100_000;

/** Held-out samples scored at once: bounds the memory of a forward pass. */
export const EVALUATION_CHUNK = 500;
