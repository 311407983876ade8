import { highNibbles, lookUp, lowNibbles } from "./coding-field";

/** Columns in which all groups of outputs are made before the next: the inputs then come from the cache. */
const STRIP: usize = 2048;

/**
 * outputs[o] = Σ factor[o][i] · inputs[i] over GF(2^8), for the columns from..to.
 * `tables`: for each group of up to 4 outputs, for each input, the tables of the group's factors.
 */
export function multiply(tables: usize, inputs: usize, outputs: usize, k: usize, m: usize, _scratch: usize, from: usize, to: usize): void {
  for (let strip = from; strip < to; strip += STRIP) {
    const end = min(strip + STRIP, to);
    let table = tables;
    for (let o: usize = 0; o < m; o += 4) {
      const size = min(m - o, 4);
      const rows = outputs + o * 4;
      if (size == 4) group4(table, inputs, rows, k, strip, end);
      else if (size == 3) group3(table, inputs, rows, k, strip, end);
      else if (size == 2) group2(table, inputs, rows, k, strip, end);
      else group1(table, inputs, rows, k, strip, end);
      table += size * k * 32;
    }
  }
}

// One function a number of outputs, so that every sum stays in a register: 2 vectors of up to 4 outputs, the
// nibbles of one input and the tables of one factor are 15 registers.
function group1(table: usize, inputs: usize, outputs: usize, k: usize, from: usize, to: usize): void { group(1, table, inputs, outputs, k, from, to); }
function group2(table: usize, inputs: usize, outputs: usize, k: usize, from: usize, to: usize): void { group(2, table, inputs, outputs, k, from, to); }
function group3(table: usize, inputs: usize, outputs: usize, k: usize, from: usize, to: usize): void { group(3, table, inputs, outputs, k, from, to); }
function group4(table: usize, inputs: usize, outputs: usize, k: usize, from: usize, to: usize): void { group(4, table, inputs, outputs, k, from, to); }

// @ts-ignore: decorator
@inline
function group(size: i32, tables: usize, inputs: usize, outputs: usize, k: usize, from: usize, to: usize): void {
  const endInputs = inputs + k * 4;
  for (let at = from; at < to; at += 32) {
    let a0 = i64x2.splat(0), a1 = i64x2.splat(0), b0 = i64x2.splat(0), b1 = i64x2.splat(0);
    let c0 = i64x2.splat(0), c1 = i64x2.splat(0), d0 = i64x2.splat(0), d1 = i64x2.splat(0);
    let table = tables;
    for (let input = inputs; input < endInputs; input += 4) {
      const row = <usize>load<u32>(input) + at;
      const v0 = v128.load(row), v1 = v128.load(row, 16);
      const low0 = lowNibbles(v0), high0 = highNibbles(v0), low1 = lowNibbles(v1), high1 = highNibbles(v1);
      let low = v128.load(table), high = v128.load(table, 16);
      a0 = sum(a0, lookUp(low, low0), lookUp(high, high0));
      a1 = sum(a1, lookUp(low, low1), lookUp(high, high1));
      if (size > 1) {
        low = v128.load(table, 32);
        high = v128.load(table, 48);
        b0 = sum(b0, lookUp(low, low0), lookUp(high, high0));
        b1 = sum(b1, lookUp(low, low1), lookUp(high, high1));
      }
      if (size > 2) {
        low = v128.load(table, 64);
        high = v128.load(table, 80);
        c0 = sum(c0, lookUp(low, low0), lookUp(high, high0));
        c1 = sum(c1, lookUp(low, low1), lookUp(high, high1));
      }
      if (size > 3) {
        low = v128.load(table, 96);
        high = v128.load(table, 112);
        d0 = sum(d0, lookUp(low, low0), lookUp(high, high0));
        d1 = sum(d1, lookUp(low, low1), lookUp(high, high1));
      }
      table += size * 32;
    }
    save(outputs, at, a0, a1);
    if (size > 1) save(outputs + 4, at, b0, b1);
    if (size > 2) save(outputs + 8, at, c0, c1);
    if (size > 3) save(outputs + 12, at, d0, d1);
  }
}

// @ts-ignore: decorator
@inline
function sum(a: v128, b: v128, c: v128): v128 {
  return v128.xor(v128.xor(a, b), c);
}

// @ts-ignore: decorator
@inline
function save(output: usize, at: usize, v0: v128, v1: v128): void {
  const row = <usize>load<u32>(output) + at;
  v128.store(row, v0);
  v128.store(row, v1, 16);
}

/** First byte in which two rows differ, or `bytes`. */
export function firstDifference(a: usize, b: usize, bytes: usize): usize {
  let at: usize = 0;
  while (at < bytes && !v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) at += 16;
  while (at < bytes && load<u8>(a + at) == load<u8>(b + at)) at++;
  return at;
}
