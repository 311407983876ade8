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

/** Labels of a task: one byte holds a sample's. */
export const MAX_LABELS = 256;
/** Columns of a table, and characters of one of its fields. */
export const MAX_COLUMNS = 1_000;
export const MAX_FIELD_CHARACTERS = 10_000;
/** Rows of a table that one device trains on, and numbers that it holds of them (80 MB). */
export const MAX_TABLE_ROWS = 200_000;
export const MAX_TABLE_NUMBERS = 20_000_000;
/** Bad rows that an error lists. */
export const LISTED_BAD_ROWS = 10;
/** Rows of a person's table that are shown. */
export const SURVEYED_ROWS = 8;
/** Part of a table or of a person's own data that is kept for scoring. */
export const HELD_OUT_PART = 0.2;

/** Bytes of text that one device trains on. */
export const MAX_TEXT_BYTES = 16 << 20;
/** Bytes of one part of a text after decompression: part of a book in one pack. */
export const MAX_PART_BYTES = 600_000;
export const MAX_PARTS = 400;
/** Bytes of an index of packs. */
export const MAX_INDEX_BYTES = 200_000;
/** Sequences of a held-out text that are scored, evenly spread over it: bounds the time that scoring takes. */
export const SCORED_SEQUENCES = 32;
/** Held-out samples, and sequences of a text, that a model is judged on before a vote: few, for the others wait for it. */
export const JUDGED_SAMPLES = 256;
export const JUDGED_SEQUENCES = 16;

/** A picture file's bytes, and pictures that one device trains on. */
export const MAX_PICTURE_BYTES = 20 << 20;
export const MAX_PICTURES = 20_000;
/** Bytes of all pixels that one device holds. */
export const MAX_PIXEL_BYTES = 128 << 20;

/** Bytes of a frozen extractor's weights. */
export const MAX_EXTRACTOR_BYTES = 80 << 20;
/** Samples that are answered at once. */
export const MAX_PREDICTIONS = 10_000;

/** Devices whose updates are summed together, at least: a group has up to twice as many, less one. */
export const MIN_GROUP = 3;
export const MAX_GROUP = 8;
/** Groups of a node, and devices that speak for it. */
export const MAX_NODE_GROUPS = 20;
export const MAX_SPEAKERS = 24;
/** Bytes of a signed task. */
export const MAX_TASK_BYTES = 256_000;
