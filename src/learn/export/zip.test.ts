import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { TaskError } from "../errors.ts";
import { crc32, unzip, zip } from "./zip.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const files = [{ name: "model.json", bytes: bytes("{}") }, { name: "weights.bin", bytes: Uint8Array.from({ length: 5_000 }, (_, i) => i * 7) }];

it("has the check value of CRC-32", () => {
  expect(crc32(bytes("123456789"))).toBe(0xcbf43926);
});

it("packs and unpacks any files", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ name: fc.stringMatching(/^[a-z]{1,9}$/), bytes: fc.uint8Array({ maxLength: 300 }) }), { maxLength: 4 }), async (some) => {
      const given = some.map(({ name, bytes: content }) => ({ name, bytes: content.slice() as Uint8Array<ArrayBuffer> }));
      expect(await unzip(zip(given), 10_000)).toEqual(given);
    }),
    { numRuns: 50 },
  );
});

const python = spawnSync("python3", ["--version"]).status === 0;

it.skipIf(!python)("is an archive to another program, and reads one that is deflated", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hromada-zip-"));
  const path = join(folder, "a.zip");
  writeFileSync(path, zip(files));
  const script = `import sys, zipfile
z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(z.namelist())
o = zipfile.ZipFile(sys.argv[1] + ".other", "w", zipfile.ZIP_DEFLATED)
for n in z.namelist(): o.writestr("folder/" + n, z.read(n))
o.close()`;
  expect(execFileSync("python3", ["-c", script, path]).toString()).toContain("['model.json', 'weights.bin']");
  expect(await unzip(new Uint8Array(readFileSync(`${path}.other`)), 10_000)).toEqual(files.map(({ name, bytes: content }) => ({ name: `folder/${name}`, bytes: content })));
});

it("refuses what is damaged, or swells beyond the limit", async () => {
  const whole = zip(files);
  for (const cut of [0, 10, 100, whole.length - 30]) await expect(unzip(whole.subarray(0, cut), 10_000)).rejects.toThrow(TaskError);
  const changed = whole.slice();
  changed[100]! ^= 1;
  await expect(unzip(changed, 10_000)).rejects.toThrow("damaged");
  await expect(unzip(whole, 4_000)).rejects.toThrow("more than 4000");
  // One that says to be small and is not.
  const bomb = zip([{ name: "a", bytes: new Uint8Array(deflateRawSync(new Uint8Array(1e6))) as Uint8Array<ArrayBuffer> }]);
  const view = new DataView(bomb.buffer);
  const entry = bomb.length - 22 - 47;
  view.setUint16(entry + 10, 8, true);
  await expect(unzip(bomb, 10_000)).rejects.toThrow("damaged");
});
