/** GF(2^bits), by tables of logarithms. Addition and subtraction are XOR. */
export interface Field {
  readonly bits: 8 | 16;
  /** Number of elements but 0, which is the order of the multiplicative group. */
  readonly order: number;
  /** log[a] for a ≠ 0. */
  readonly log: Uint16Array;
  /** exp[i] for 0 ≤ i < order. */
  readonly exp: Uint16Array;
  multiply(a: number, b: number): number;
  /** @param b not 0 */
  divide(a: number, b: number): number;
  /** Bytes of what `writeTable` writes. */
  readonly tableBytes: number;
  /**
   * The products of a factor with every nibble, as the kernels look them up: for each nibble of an element, lowest
   * first, 16 products; in GF(2^16) their low bytes, then their high bytes.
   */
  writeTable(factor: number, into: Uint8Array, at: number): void;
}

/**
 * @param polynomial a primitive one, as bits
 * @param basis what bit i of an element's name stands for; the powers of x where it is absent
 */
function createField(bits: 8 | 16, polynomial: number, basis?: readonly number[]): Field {
  const order = 2 ** bits - 1;
  const tableBytes = bits === 8 ? 32 : 128;
  const powers = new Uint16Array(order + 1); // powers[x^i] = i
  for (let i = 0, state = 1; i < order; i++) {
    powers[state] = i;
    state <<= 1;
    if (state > order) state ^= polynomial;
  }
  const log = new Uint16Array(order + 1);
  const exp = new Uint16Array(order);
  const named = new Uint16Array(order + 1); // the element in powers of x
  for (let a = 1; a <= order; a++) {
    const bit = 31 - Math.clz32(a);
    named[a] = named[a ^ (1 << bit)]! ^ (basis ? basis[bit]! : 1 << bit);
    log[a] = powers[named[a]!]!;
    exp[log[a]!] = a;
  }
  const multiply = (a: number, b: number) => (a === 0 || b === 0 ? 0 : exp[(log[a]! + log[b]!) % order]!);
  return {
    bits,
    order,
    log,
    exp,
    multiply,
    divide: (a, b) => (a === 0 ? 0 : exp[(log[a]! - log[b]! + order) % order]!),
    tableBytes,
    writeTable(factor, into, at) {
      into.fill(0, at, at + tableBytes);
      for (let bit = 0; bit < bits; bit++) {
        const product = multiply(factor, 1 << bit);
        const table = at + (bit >> 2) * 2 * bits;
        const half = 1 << (bit & 3);
        for (let i = 0; i < half; i++) {
          into[table + half + i] = into[table + i]! ^ product;
          if (bits === 16) into[table + 16 + half + i] = into[table + 16 + i]! ^ (product >> 8);
        }
      }
    },
  };
}

const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => (made ??= make());
};

/** The field of Backblaze's code. */
export const field8 = once(() => createField(8, 0x11d));

// Cantor bases: b[0] = 1, b[i]² + b[i] = b[i − 1]. They are those of Leopard (Taylor, 2017).
export const CANTOR_8 = [1, 214, 152, 146, 86, 200, 88, 230] as const;
export const CANTOR_16 = [0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8, 0xfb34, 0xff38, 0x991e] as const;
export const cantorField8 = once(() => createField(8, 0x11d, CANTOR_8));
export const cantorField16 = once(() => createField(16, 0x1002d, CANTOR_16));
