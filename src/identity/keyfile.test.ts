import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IdentityError } from "./errors.ts";
import { COST_RANGE, type Cost, exportKeyFile, importKeyFile, MOST_SECRETS_BYTES } from "./keyfile.ts";
import { flipped, seeded } from "./testing/devices.ts";

const random = seeded("key file");
// The least that is allowed: these tests are about the file, not about the work.
const cost: Cost = { memory: COST_RANGE.memory[0], passes: COST_RANGE.passes[0], lanes: COST_RANGE.lanes[0] };
const passphrase = "кава з молоком 7";
const secrets = random(300);
const made = exportKeyFile({ secrets, passphrase, random, cost });

async function code(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof IdentityError) return error.code;
    throw error;
  }
  return "none";
}

/** Where the header ends: magic 12, version 1, cost 6, salt 16, nonce 24. */
const HEADER = 59;

describe("a key file", () => {
  it("comes back with its passphrase, however its characters were composed", async () => {
    expect(await importKeyFile({ bytes: await made, passphrase })).toEqual(secrets);
    const accented = await exportKeyFile({ secrets, passphrase: "caf\u00e9", random, cost });
    expect(await importKeyFile({ bytes: accented, passphrase: "cafe\u0301" })).toEqual(secrets);
  });

  it("a wrong passphrase, or a changed salt, nonce or content, is told as one", async () => {
    const bytes = await made;
    expect(await code(() => importKeyFile({ bytes, passphrase: "кава з молоком 8" }))).toBe("passphrase");
    expect(await code(() => importKeyFile({ bytes, passphrase: "" }))).toBe("passphrase");
    for (const at of [20, 40, HEADER, HEADER + 100, bytes.length - 1]) expect(await code(() => importKeyFile({ bytes: flipped(bytes, at), passphrase }))).toBe("passphrase");
    expect(await code(() => importKeyFile({ bytes: bytes.slice(0, -1), passphrase }))).toBe("passphrase");
  });

  it("what is no key file is told as such, at once", async () => {
    const bytes = await made;
    for (const wrong of [new Uint8Array(0), bytes.slice(0, HEADER), flipped(bytes, 0), new Uint8Array(bytes.length), new Uint8Array(MOST_SECRETS_BYTES + 100)]) {
      expect(await code(() => importKeyFile({ bytes: wrong, passphrase }))).toBe("key-file");
    }
    expect(await code(() => importKeyFile({ bytes: flipped(bytes, 12), passphrase }))).toBe("key-file-version");
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (chance) => (await code(() => importKeyFile({ bytes: chance, passphrase }))) === "key-file"));
  });

  it("a file that asks for too little or too much work is refused before any is done", async () => {
    const bytes = await made;
    const withCost = ([memory, passes, lanes]: readonly [number, number, number]): Uint8Array => {
      const changed = bytes.slice();
      new DataView(changed.buffer).setUint32(13, memory);
      changed.set([passes, lanes], 17);
      return changed;
    };
    const wrongs: [number, number, number][] = [[8, 1, 1], [0xffff_ffff, 1, 1], [8_192, 0, 1], [8_192, 255, 1], [8_192, 1, 0], [8_192, 1, 5]];
    for (const wrong of wrongs) {
      expect(await code(() => importKeyFile({ bytes: withCost(wrong), passphrase }))).toBe("key-file");
    }
  });

  it("is not made without a passphrase, of too much, or with too little work", async () => {
    expect(await code(() => exportKeyFile({ secrets, passphrase: "", random, cost }))).toBe("misuse");
    expect(await code(() => exportKeyFile({ secrets: new Uint8Array(MOST_SECRETS_BYTES + 1), passphrase, random, cost }))).toBe("misuse");
    expect(await code(() => exportKeyFile({ secrets, passphrase, random, cost: { ...cost, memory: 8 } }))).toBe("misuse");
  });

  it("two of the same secrets under the same passphrase have nothing in common after the cost", async () => {
    const [one, two] = [await made, await exportKeyFile({ secrets, passphrase, random, cost })];
    expect(one.slice(0, 19)).toEqual(two.slice(0, 19));
    expect(one.slice(19, 35)).not.toEqual(two.slice(19, 35));
    expect(one.slice(HEADER, HEADER + 32)).not.toEqual(two.slice(HEADER, HEADER + 32));
  });
});
