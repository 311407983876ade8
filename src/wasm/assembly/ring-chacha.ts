/** ChaCha20 keystream (RFC 8439), two blocks at a time, a row of each block's state in one vector. */

/** The key, 8 words. */
export const KEY: usize = memory.data(32, 16);

// @ts-ignore: decorator
@inline
function rotate(x: v128, by: i32): v128 {
  return v128.or(i32x4.shl(x, by), i32x4.shr_u(x, 32 - by));
}

// @ts-ignore: decorator
@inline
function rotate16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

// @ts-ignore: decorator
@inline
function rotate8(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
}

/** Writes `blocks` (an even number) blocks of 64 bytes from block `counter` on. */
export function keystream(nonce0: u32, nonce1: u32, nonce2: u32, counter: u32, to: usize, blocks: u32): void {
  const constants = i32x4(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);
  const key0 = v128.load(KEY), key1 = v128.load(KEY, 16);
  for (let done: u32 = 0; done < blocks; done += 2, to += 128) {
    const last0 = i32x4(counter + done, nonce0, nonce1, nonce2);
    const last1 = i32x4(counter + done + 1, nonce0, nonce1, nonce2);
    let a = constants, b = key0, c = key1, d = last0;
    let e = constants, f = key0, g = key1, h = last1;
    for (let round = 0; round < 20; round++) {
      a = i32x4.add(a, b); e = i32x4.add(e, f);
      d = rotate16(v128.xor(d, a)); h = rotate16(v128.xor(h, e));
      c = i32x4.add(c, d); g = i32x4.add(g, h);
      b = rotate(v128.xor(b, c), 12); f = rotate(v128.xor(f, g), 12);
      a = i32x4.add(a, b); e = i32x4.add(e, f);
      d = rotate8(v128.xor(d, a)); h = rotate8(v128.xor(h, e));
      c = i32x4.add(c, d); g = i32x4.add(g, h);
      b = rotate(v128.xor(b, c), 7); f = rotate(v128.xor(f, g), 7);
      // Columns become diagonals on even rounds, and columns again on odd ones.
      if (round & 1) {
        b = i32x4.shuffle(b, b, 3, 0, 1, 2); f = i32x4.shuffle(f, f, 3, 0, 1, 2);
        d = i32x4.shuffle(d, d, 1, 2, 3, 0); h = i32x4.shuffle(h, h, 1, 2, 3, 0);
      } else {
        b = i32x4.shuffle(b, b, 1, 2, 3, 0); f = i32x4.shuffle(f, f, 1, 2, 3, 0);
        d = i32x4.shuffle(d, d, 3, 0, 1, 2); h = i32x4.shuffle(h, h, 3, 0, 1, 2);
      }
      c = i32x4.shuffle(c, c, 2, 3, 0, 1); g = i32x4.shuffle(g, g, 2, 3, 0, 1);
    }
    v128.store(to, i32x4.add(a, constants));
    v128.store(to, i32x4.add(b, key0), 16);
    v128.store(to, i32x4.add(c, key1), 32);
    v128.store(to, i32x4.add(d, last0), 48);
    v128.store(to, i32x4.add(e, constants), 64);
    v128.store(to, i32x4.add(f, key0), 80);
    v128.store(to, i32x4.add(g, key1), 96);
    v128.store(to, i32x4.add(h, last1), 112);
  }
}
