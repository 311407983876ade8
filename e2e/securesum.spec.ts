import { expect, test } from "@playwright/test";
import { withSumPage } from "../bench/securesum-page.ts";

test("SEAL's ring and ours encrypt to the same bytes and open to the same sums", async () => {
  const same = await withSumPage((page) => page.evaluate(() => globalThis.securesum!.compareRings(20)));
  expect(same).toEqual({ ciphertexts: true, sums: true });
});

test("a pool of workers, on either ring, encrypts to the bytes of one thread", async () => {
  const same = await withSumPage((page) => page.evaluate(() => globalThis.securesum!.comparePool(1_000_000, 3)));
  expect(same).toEqual({ seal: true, wasm: true });
});
