// Reed–Solomon kernels over nibble tables (Plank, Greenan, Miller, "Screaming fast Galois field arithmetic", 2013).
// A table of a GF(2^8) factor is 2 × 16 bytes: its products with 0..15 and with 0..15 << 4.
// A table of a GF(2^16) factor is 8 × 16 bytes: for each of the four nibbles, the products' low, then high bytes.
// Lists of rows are u32 addresses; address 0 stands for a row of zeros. All lengths are multiples of 64 bytes.
export { multiply, firstDifference } from "./coding-matrix";
export { encode8, encode16, decode8, decode16 } from "./coding-leopard";
