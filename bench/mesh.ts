import { CERTIFICATE_BYTES } from "../src/identity/certificate.ts";
import { SIGNATURE_BYTES } from "../src/identity/schnorr.ts";
import { createRandom } from "../src/wire/random.ts";
import { createTestGuard } from "../src/mesh/testing/guard.ts";
import { createRoom, peer, type Member } from "../src/mesh/testing/room.ts";
import { compare, median, type Bench, type Row } from "./harness.ts";

/** Some of the devices this is for have 256 kbit/s. */
const SLOW = { against: "a link of 256 kbit/s", theirs: 32 };
const GROUP = 8;
/** As devices prove what they tell all (device/guard.ts). */
const PROOF_BYTES = CERTIFICATE_BYTES + SIGNATURE_BYTES;
/** Milliseconds: about a round of a room of that size, in which a tenth of it is replaced. */
const [ENTERING, QUIET, CHURN] = [15_000, 20_000, 16_000];

/** What links cost by themselves, on a network in memory and a virtual clock, with groups of eight. */
async function measure(count: number): Promise<Row[]> {
  const random = createRandom(["bench mesh", count]);
  const room = createRoom();
  let made = 0;
  const enter = (): Member => {
    const id = peer(++made);
    return room.join(id, { guard: createTestGuard(id, PROOF_BYTES) });
  };
  const members = Array.from({ length: count }, enter);
  const regroup = (at: number): void => {
    const group = members.slice(at - (at % GROUP), at - (at % GROUP) + GROUP);
    for (const { mesh } of group) mesh.setGroup(group.map(({ id }) => id));
  };
  members.forEach((_, at) => regroup(at));
  const sent = ({ mesh }: Member): number => Object.values(mesh.snapshot().up).reduce((sum, bytes) => sum + bytes, 0);
  const during = async (ms: number, work: () => Promise<void>): Promise<number> => {
    const before = new Map(members.map((member) => [member, sent(member)]));
    await work();
    return median(members.flatMap((member) => (before.has(member) ? [(sent(member) - before.get(member)!) / ms] : [])));
  };

  await room.clock.advance(ENTERING);
  const quiet = await during(QUIET, () => room.clock.advance(QUIET));
  const churn = await during(CHURN, async () => {
    const replaced = Math.ceil(count / 10);
    for (let i = 0; i < replaced; i++) {
      const at = random.below(count);
      const { id, mesh } = members[at]!;
      room.network.freeze(id);
      mesh.close();
      room.leave(id);
      members[at] = enter();
      regroup(at);
      await room.clock.advance(CHURN / replaced);
    }
  });
  await room.clock.advance(5_000);
  const reached = Math.min(...members.map(({ reachable }) => reachable.length));
  for (const { mesh } of members) mesh.close();
  if (reached < count - 1) throw new Error(`somebody reaches ${reached} of ${count - 1} others`);

  const row = (what: string, ours: number): Row => compare({ what: `${what}, ${count} devices, upload of one`, ours, unit: "kB/s", ...SLOW, goal: null, lessIsBetter: true });
  return [row("the mesh by itself, nobody comes or goes", quiet), row("the same, a tenth of them is replaced in 16 s", churn)];
}

export const mesh: Bench = {
  name: "mesh",
  about: "what links and the map of them cost a device, in rooms of 16 and of 64",
  async run(say) {
    const rows: Row[] = [];
    for (const count of [16, 64]) {
      say(`${count} devices on a virtual clock …`);
      rows.push(...(await measure(count)));
    }
    return rows;
  },
};
