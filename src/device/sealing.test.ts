import { expose } from "comlink";
import { expect, onTestFinished, test } from "vitest";
import { compileRing, createKernels } from "../securesum/kernel.ts";
import { layoutOf } from "../securesum/params.ts";
import { createSumPool } from "../securesum/pool.ts";
import { serveSum } from "../securesum/service.ts";
import { packParcels } from "../swarm/parcel.ts";
import { createSealing, type Sealing } from "./sealing.ts";

const context = { session: new Uint8Array(32).fill(7), round: 3, attempt: 0 };
const layout = layoutOf(4, 5);
const values = Int8Array.from({ length: 9_000 }, (_, i) => (i % 15) - 7);

function open(): Sealing {
  const pool = createSumPool({
    size: 2,
    modules: { ring: compileRing(), seal: null },
    startWorker() {
      const { port1, port2 } = new MessageChannel();
      expose(serveSum(), port1);
      return { port: port2, gone: new AbortController().signal, terminate: () => (port1.close(), port2.close()) };
    },
  });
  onTestFinished(() => pool.close());
  return createSealing({ kernels: createKernels(), pool: Promise.resolve(pool), privacy: null });
}

test("what an audited device reveals makes the commitment that it gave again on another device, and nothing else does", async () => {
  const [audited, other] = [open(), open()];
  const { dealings, pieces } = (await audited.seal({ type: "seal", attempt: 1, context, devices: 5, layout, values }))!;
  const { commitment } = packParcels(dealings, pieces);
  const { seed } = audited.reveal({ type: "reveal", attempt: 1 })!;
  // The seed is a copy: what is erased now is the device's own.
  audited.erase();
  const shown = { type: "reseal" as const, attempt: 1, context, devices: 5, layout };
  expect(await other.reseal({ ...shown, seed: seed.slice(), values })).toEqual({ type: "resealed", attempt: 1, commitment });
  expect((await other.reseal({ ...shown, seed: seed.slice(), values: values.with(8_999, 1) })).commitment).not.toBe(commitment);
  expect((await other.reseal({ ...shown, seed: seed.map((byte, i) => byte ^ (i === 0 ? 1 : 0)), values })).commitment).not.toBe(commitment);
});

test("a secret of any of the round's attempts is revealed once, and none once they are erased", async () => {
  const sealing = open();
  for (const attempt of [1, 2]) await sealing.seal({ type: "seal", attempt, context, devices: 5, layout, values });
  expect(sealing.reveal({ type: "reveal", attempt: 3 })).toBeNull();
  expect(sealing.reveal({ type: "reveal", attempt: 1 })!.seed).toHaveLength(32);
  expect(() => sealing.reveal({ type: "reveal", attempt: 1 })).toThrow(expect.objectContaining({ code: "reused-key" }));
  sealing.erase();
  expect(sealing.reveal({ type: "reveal", attempt: 2 })).toBeNull();
});
