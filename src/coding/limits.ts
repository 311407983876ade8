const MiB = 2 ** 20;

/** The kernels work on whole blocks of so many columns. */
export const BLOCK_BYTES = 64;

/** Bytes of an object that are coded at a time. */
export const SEGMENT_BYTES = 16 * MiB;
/** Bytes that the shards of one segment may take together, so that a manifest cannot ask for all memory. */
export const MAX_CODED_BYTES = 256 * MiB;
/** Pages of 64 KiB; `tools/wasm.ts` compiles the kernels for shared memory with this maximum. */
export const MAX_MEMORY_PAGES = 8192;
/** Shards of one segment. */
export const MAX_SHARDS = 4096;
/** Hashes in a manifest: the shards of all segments. */
export const MAX_HASHES = 32_768;
export const MAX_SIGNATURE_BYTES = 256;
/** From so many bytes of data on, coding is shared among the pool's threads: below, waking them costs what they gain. */
export const POOL_MIN_BYTES = 16 * MiB;
