import { misuse, refused } from "./errors.ts";

/** version 1 ‖ room hash 16 ‖ epoch u32 ‖ flags 4 ‖ random 20. */
export const ID_BYTES = 45;
export const ROOM_HASH_BYTES = 16;
export const FLAGS_BYTES = 4;
export const ID_RANDOM_BYTES = 20;

const ID_VERSION = 1;
const EPOCH_AT = 1 + ROOM_HASH_BYTES;
const FLAGS_AT = EPOCH_AT + 4;
const RANDOM_AT = FLAGS_AT + FLAGS_BYTES;

/** A pseudonym's name in one room for one epoch. There is one issuance per id, ever. */
export interface Id {
  /** 16 bytes. */
  room: Uint8Array;
  /** u32. */
  epoch: number;
  /** 4 bytes, for the room to define. */
  flags: Uint8Array;
  /** 20 bytes. */
  random: Uint8Array;
}

/** @throws IdentityError `misuse` where a field has the wrong size. */
export function encodeId({ room, epoch, flags, random }: Id): Uint8Array {
  if (room.length !== ROOM_HASH_BYTES || flags.length !== FLAGS_BYTES || random.length !== ID_RANDOM_BYTES) {
    throw misuse(`an id takes a room of ${ROOM_HASH_BYTES}, flags of ${FLAGS_BYTES} and ${ID_RANDOM_BYTES} random bytes`);
  }
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > 0xffff_ffff) throw misuse(`an epoch is a u32, not ${epoch}`);
  const id = new Uint8Array(ID_BYTES);
  id[0] = ID_VERSION;
  id.set(room, 1);
  new DataView(id.buffer).setUint32(EPOCH_AT, epoch);
  id.set(flags, FLAGS_AT);
  id.set(random, RANDOM_AT);
  return id;
}

/** @throws IdentityError `refused` unless these are 45 bytes of this version. */
export function decodeId(id: Uint8Array): Id {
  if (id.length !== ID_BYTES || id[0] !== ID_VERSION) throw refused();
  return {
    room: id.slice(1, EPOCH_AT),
    epoch: new DataView(id.buffer, id.byteOffset, id.length).getUint32(EPOCH_AT),
    flags: id.slice(FLAGS_AT, RANDOM_AT),
    random: id.slice(RANDOM_AT),
  };
}
