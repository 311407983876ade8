// Leopard's additive FFT (Lin, Al-Naffouri, Han, Chung, "Novel polynomial basis with fast Fourier transform and its
// application to Reed–Solomon erasure codes", 2016) in a Cantor basis, in which the subspace polynomial s_j of a point
// is its index >> j. So the factor of the butterflies of distance 2^j in the block that begins at point p is the
// element p >> j. It is even: `skews` holds the table of element 2i at i, and that block's is the one at p >> (j + 1).
import { addProduct, highNibbles, lookUp, lowNibbles, tableBytes } from "./coding-field";

/** Bytes of scratch in which a strip of all rows is transformed: half of a small first-level cache. */
const SCRATCH: usize = 16384;

export function encode8(skews: usize, inputs: usize, outputs: usize, k: usize, size: usize, scratch: usize, from: usize, to: usize): void {
  encode<u8>(skews, inputs, outputs, k, size, scratch, from, to);
}
export function encode16(skews: usize, inputs: usize, outputs: usize, k: usize, size: usize, scratch: usize, from: usize, to: usize): void {
  encode<u16>(skews, inputs, outputs, k, size, scratch, from, to);
}
export function decode8(skews: usize, locators: usize, inputs: usize, outputs: usize, first: usize, end: usize, size: usize, scratch: usize, from: usize, to: usize): void {
  decode<u8>(skews, locators, inputs, outputs, first, end, size, scratch, from, to);
}
export function decode16(skews: usize, locators: usize, inputs: usize, outputs: usize, first: usize, end: usize, size: usize, scratch: usize, from: usize, to: usize): void {
  decode<u16>(skews, locators, inputs, outputs, first, end, size, scratch, from, to);
}

/**
 * Parity at points 0..size: FFT(Σ IFFT(inputs at points c · size .. (c + 1) · size)), c = 1, 2, …
 * @param size a power of two; `inputs` is padded to a multiple of it, `outputs` to it
 * @param scratch 2 · size rows of a strip
 */
function encode<T>(skews: usize, inputs: usize, outputs: usize, k: usize, size: usize, scratch: usize, from: usize, to: usize): void {
  const strip = stripOf(2 * size);
  for (let at = from; at < to; at += strip) {
    const bytes = min(strip, to - at);
    for (let chunk: usize = 0; chunk < k; chunk += size) {
      const rows = chunk ? scratch + size * strip : scratch;
      for (let i: usize = 0; i < size; i++) copyRow(load<u32>(inputs + (chunk + i) * 4), at, rows + i * strip, bytes);
      inverse<T>(rows, strip, bytes, size, k - chunk, size + chunk, skews);
      if (chunk) addRows(scratch, rows, size * strip);
    }
    forward<T>(scratch, strip, bytes, size, 0, size, skews);
    for (let i: usize = 0; i < size; i++) {
      const row = <usize>load<u32>(outputs + i * 4);
      if (row) copyRow(scratch + i * strip, 0, row + at, bytes);
    }
  }
}

/**
 * C(j) = D(C·E)(j) / D(E)(j) at every erased point j, where E is the locator of the erased points and D the formal
 * derivative. `locators` holds, a point each, the table of E of a point that is there, or 1 / D(E) of a wanted one.
 * @param first..end points among which `outputs` are wanted; `inputs` beyond `end` are zero
 * @param scratch `size` rows of a strip
 */
function decode<T>(skews: usize, locators: usize, inputs: usize, outputs: usize, first: usize, end: usize, size: usize, scratch: usize, from: usize, to: usize): void {
  const strip = stripOf(size);
  for (let at = from; at < to; at += strip) {
    const bytes = min(strip, to - at);
    for (let i: usize = 0; i < size; i++) {
      const row = <usize>load<u32>(inputs + i * 4);
      if (row) multiplyRow<T>(row + at, scratch + i * strip, locators + i * tableBytes<T>(), bytes);
      else memory.fill(scratch + i * strip, 0, bytes);
    }
    inverse<T>(scratch, strip, bytes, size, end, 0, skews);
    for (let i: usize = 1; i < size; i++) {
      const width = i & (0 - i);
      addRows(scratch + (i - width) * strip, scratch + i * strip, width * strip);
    }
    forward<T>(scratch, strip, bytes, size, first, end, skews);
    for (let i: usize = first; i < end; i++) {
      const row = <usize>load<u32>(outputs + i * 4);
      if (row) multiplyRow<T>(scratch + i * strip, row + at, locators + i * tableBytes<T>(), bytes);
    }
  }
}

function stripOf(rows: usize): usize {
  return max((SCRATCH / rows) & ~63, 64);
}

/** Coefficients of the polynomial whose values at `point`.. are the rows; rows from `end` on are zero. */
function inverse<T>(rows: usize, strip: usize, bytes: usize, size: usize, end: usize, point: usize, skews: usize): void {
  let distance: usize = 1;
  while (distance < size) {
    const four = sizeof<T>() == 1 && distance * 4 <= size;
    const block = distance << (four ? 2 : 1);
    for (let r: usize = 0; r < min(size, end); r += block) {
      const at = rows + r * strip, step = distance * strip, p = point + r;
      if (four) {
        for (let i: usize = 0; i < step; i += strip) {
          if (p) inverse4(at + i, step, bytes, skew<T>(skews, p, distance), skew<T>(skews, p + distance * 2, distance), skew<T>(skews, p, distance * 2));
          else inverse4Corner(at + i, step, bytes, skew<T>(skews, distance * 2, distance));
        }
      } else if (p) for (let i: usize = 0; i < step; i += strip) inverse2<T>(at + i, at + i + step, bytes, skew<T>(skews, p, distance));
      else addRows(at + step, at, step);
    }
    distance = block;
  }
}

/** Values at `point` 0.. of the polynomial with these coefficients, of which the rows first..end are wanted. */
function forward<T>(rows: usize, strip: usize, bytes: usize, size: usize, first: usize, end: usize, skews: usize): void {
  let block = size;
  while (block > 1) {
    const four = sizeof<T>() == 1 && block >= 4;
    const distance = block >> (four ? 2 : 1);
    for (let r: usize = first & ~(block - 1); r < end; r += block) {
      const at = rows + r * strip, step = distance * strip;
      if (four) {
        for (let i: usize = 0; i < step; i += strip) {
          if (r) forward4(at + i, step, bytes, skew<T>(skews, r, distance), skew<T>(skews, r + distance * 2, distance), skew<T>(skews, r, distance * 2));
          else forward4Corner(at + i, step, bytes, skew<T>(skews, distance * 2, distance));
        }
      } else if (r) for (let i: usize = 0; i < step; i += strip) forward2<T>(at + i, at + i + step, bytes, skew<T>(skews, r, distance));
      else addRows(at + step, at, step);
    }
    block = distance;
  }
}

// @ts-ignore: decorator
@inline
function skew<T>(skews: usize, point: usize, distance: usize): usize {
  return skews + point / (distance * 2) * tableBytes<T>();
}

// y += x, then x += f · y
function inverse2<T>(x: usize, y: usize, bytes: usize, f: usize): void {
  addRows(y, x, bytes);
  addProductRow<T>(x, y, f, bytes);
}

// x += f · y, then y += x
function forward2<T>(x: usize, y: usize, bytes: usize, f: usize): void {
  addProductRow<T>(x, y, f, bytes);
  addRows(y, x, bytes);
}

// Two layers in registers: distance 1 with the factors f01 and f23, distance 2 with f02. In the block at point 0,
// f01 and f02 are 0.
function inverse4(row: usize, step: usize, bytes: usize, f01: usize, f23: usize, f02: usize): void {
  const low01 = v128.load(f01), high01 = v128.load(f01, 16), low23 = v128.load(f23), high23 = v128.load(f23, 16), low02 = v128.load(f02), high02 = v128.load(f02, 16);
  const end = row + bytes, row1 = step, row2 = step * 2, row3 = step * 3;
  for (; row < end; row += 16) {
    let x0 = v128.load(row), x1 = v128.load(row + row1), x2 = v128.load(row + row2), x3 = v128.load(row + row3);
    x1 = v128.xor(x1, x0);
    x0 = addProduct(x0, x1, low01, high01);
    x3 = v128.xor(x3, x2);
    x2 = addProduct(x2, x3, low23, high23);
    x2 = v128.xor(x2, x0);
    x3 = v128.xor(x3, x1);
    v128.store(row, addProduct(x0, x2, low02, high02));
    v128.store(row + row1, addProduct(x1, x3, low02, high02));
    v128.store(row + row2, x2);
    v128.store(row + row3, x3);
  }
}

function inverse4Corner(row: usize, step: usize, bytes: usize, f23: usize): void {
  const low23 = v128.load(f23), high23 = v128.load(f23, 16);
  const end = row + bytes, row1 = step, row2 = step * 2, row3 = step * 3;
  for (; row < end; row += 16) {
    let x0 = v128.load(row), x1 = v128.load(row + row1), x2 = v128.load(row + row2), x3 = v128.load(row + row3);
    x1 = v128.xor(x1, x0);
    x3 = v128.xor(x3, x2);
    x2 = addProduct(x2, x3, low23, high23);
    v128.store(row + row1, x1);
    v128.store(row + row2, v128.xor(x2, x0));
    v128.store(row + row3, v128.xor(x3, x1));
  }
}

function forward4(row: usize, step: usize, bytes: usize, f01: usize, f23: usize, f02: usize): void {
  const low01 = v128.load(f01), high01 = v128.load(f01, 16), low23 = v128.load(f23), high23 = v128.load(f23, 16), low02 = v128.load(f02), high02 = v128.load(f02, 16);
  const end = row + bytes, row1 = step, row2 = step * 2, row3 = step * 3;
  for (; row < end; row += 16) {
    let x0 = v128.load(row), x1 = v128.load(row + row1), x2 = v128.load(row + row2), x3 = v128.load(row + row3);
    x0 = addProduct(x0, x2, low02, high02);
    x1 = addProduct(x1, x3, low02, high02);
    x2 = v128.xor(x2, x0);
    x3 = v128.xor(x3, x1);
    x0 = addProduct(x0, x1, low01, high01);
    x2 = addProduct(x2, x3, low23, high23);
    v128.store(row, x0);
    v128.store(row + row1, v128.xor(x1, x0));
    v128.store(row + row2, x2);
    v128.store(row + row3, v128.xor(x3, x2));
  }
}

function forward4Corner(row: usize, step: usize, bytes: usize, f23: usize): void {
  const low23 = v128.load(f23), high23 = v128.load(f23, 16);
  const end = row + bytes, row1 = step, row2 = step * 2, row3 = step * 3;
  for (; row < end; row += 16) {
    let x0 = v128.load(row), x1 = v128.load(row + row1), x2 = v128.load(row + row2), x3 = v128.load(row + row3);
    x2 = v128.xor(x2, x0);
    x3 = v128.xor(x3, x1);
    x2 = addProduct(x2, x3, low23, high23);
    v128.store(row + row1, v128.xor(x1, x0));
    v128.store(row + row2, x2);
    v128.store(row + row3, v128.xor(x3, x2));
  }
}

// Rows of bytes, or of blocks of 64 bytes: 32 low, then 32 high bytes of 16-bit elements.

/** to = row + at, or zeros for row 0 */
function copyRow(row: usize, at: usize, to: usize, bytes: usize): void {
  if (row) for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, v128.load(row + at + i));
  else memory.fill(to, 0, bytes);
}

function addRows(to: usize, from: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, v128.xor(v128.load(to + i), v128.load(from + i)));
}

function multiplyRow<T>(from: usize, to: usize, table: usize, bytes: usize): void {
  if (sizeof<T>() == 1) {
    const low = v128.load(table), high = v128.load(table, 16);
    for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, addProduct(i64x2.splat(0), v128.load(from + i), low, high));
  } else product16(from, to, table, bytes, false);
}

function addProductRow<T>(to: usize, from: usize, table: usize, bytes: usize): void {
  if (sizeof<T>() == 1) {
    const low = v128.load(table), high = v128.load(table, 16);
    for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, addProduct(v128.load(to + i), v128.load(from + i), low, high));
  } else product16(from, to, table, bytes, true);
}

// @ts-ignore: decorator
@inline
function product16(from: usize, to: usize, table: usize, bytes: usize, add: bool): void {
  // The low bytes at 0 and 16 of each block; their high bytes are 32 further.
  for (let i: usize = 0; i < bytes; i += i & 16 ? 48 : 16) {
    const low = v128.load(from + i), high = v128.load(from + i, 32);
    const n0 = lowNibbles(low), n1 = highNibbles(low), n2 = lowNibbles(high), n3 = highNibbles(high);
    let a = v128.xor(v128.xor(look(table, 0, n0), look(table, 32, n1)), v128.xor(look(table, 64, n2), look(table, 96, n3)));
    let b = v128.xor(v128.xor(look(table, 16, n0), look(table, 48, n1)), v128.xor(look(table, 80, n2), look(table, 112, n3)));
    if (add) {
      a = v128.xor(a, v128.load(to + i));
      b = v128.xor(b, v128.load(to + i, 32));
    }
    v128.store(to + i, a);
    v128.store(to + i, b, 32);
  }
}

// @ts-ignore: decorator
@inline
function look(table: usize, offset: usize, nibbles: v128): v128 {
  return lookUp(v128.load(table + offset), nibbles);
}
