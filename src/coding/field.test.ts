import { describe, expect, it } from "vitest";
import { CANTOR_16, CANTOR_8, cantorField16, cantorField8, field8, type Field } from "./field.ts";

/** Product of polynomials over GF(2), by the schoolbook. */
function schoolbook(a: number, b: number, polynomial: number): number {
  const top = 31 - Math.clz32(polynomial);
  let product = 0;
  for (; b > 0; b >>= 1, a <<= 1) {
    if (a >> top) a ^= polynomial;
    if (b & 1) product ^= a;
  }
  return product;
}

const named = (basis: readonly number[], a: number): number => basis.reduce((sum, element, bit) => (a & (1 << bit) ? sum ^ element : sum), 0);
const powers = Array.from({ length: 8 }, (_, i) => 1 << i);
const steps = (order: number, count: number): number[] => Array.from({ length: count }, (_, i) => (i * Math.ceil(order / count)) & order);

describe.each([
  ["GF(2^8) in powers of x", field8, 0x11d, powers],
  ["GF(2^8) in a Cantor basis", cantorField8, 0x11d, CANTOR_8],
  ["GF(2^16) in a Cantor basis", cantorField16, 0x1002d, CANTOR_16],
] as const)("%s", (_, get, polynomial, basis) => {
  const field: Field = get();

  it("multiplies as polynomials do, and divides back", () => {
    const wrong: [number, number][] = [];
    for (const a of steps(field.order, 256)) {
      for (const b of steps(field.order, 254)) {
        const product = field.multiply(a, b);
        if (named(basis, product) !== schoolbook(named(basis, a), named(basis, b), polynomial) || (b !== 0 && field.divide(product, b) !== a)) wrong.push([a, b]);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("has tables whose entries for an element's nibbles sum to the product", () => {
    const table = new Uint8Array(field.tableBytes).fill(0xaa);
    const wide = field.bits === 16;
    for (const factor of steps(field.order, 50)) {
      field.writeTable(factor, table, 0);
      for (const a of steps(field.order, 101)) {
        let product = 0;
        for (let nibble = 0; nibble < field.bits / 4; nibble++) {
          const at = nibble * (wide ? 32 : 16) + ((a >> (4 * nibble)) & 15);
          product ^= wide ? table[at]! | (table[at + 16]! << 8) : table[at]!;
        }
        expect(product).toBe(field.multiply(factor, a));
      }
    }
  });
});

it.each([["8", CANTOR_8, 0x11d], ["16", CANTOR_16, 0x1002d]] as const)("the basis of %s bits is a Cantor basis", (_, basis, polynomial) => {
  expect(basis[0]).toBe(1);
  basis.slice(1).forEach((element, i) => expect(schoolbook(element, element, polynomial) ^ element).toBe(basis[i]));
});
