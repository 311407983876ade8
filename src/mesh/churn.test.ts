import { expect, test } from "vitest";
import { createRandom } from "../wire/random.ts";
import { MESH_LIMITS } from "./limits.ts";
import { createRoom, peer } from "./testing/room.ts";

test.each([1, 2, 3, 4, 5, 6])("after any mix of joins, breaks, freezes and server outages all who are left reach each other (seed %i)", async (seed) => {
  const random = createRandom(["churn", seed]);
  const room = createRoom();
  const options = seed % 2 === 0 ? { degree: 2, forced: true } : { degree: 4 };
  let next = 1;
  const pick = (): ReturnType<typeof peer> => [...room.members.keys()][random.below(room.members.size)]!;
  for (let i = 0; i < 6; i++) room.join(peer(next++), options);
  for (let step = 0; step < 25; step++) {
    await room.clock.advance(random.below(2_000));
    const choice = random.below(5);
    if (choice === 0 && room.members.size < 12) room.join(peer(next++), options);
    else if (choice === 1 && room.members.size > 4) {
      const id = pick();
      room.network.freeze(id);
      room.members.get(id)!.mesh.close();
      if (random.below(2) === 0) room.leave(id);
      else room.members.delete(id);
    } else if (choice === 2) room.network.cut(pick(), pick());
    else if (choice === 3) room.serverUp = !room.serverUp;
    else room.members.get(pick())!.mesh.broadcast(new Uint8Array(100));
  }
  room.serverUp = true;
  for (const member of room.members.values()) member.mesh.roster([...room.members.keys()]);
  await room.clock.advance(45_000);
  const everybody = [...room.members.keys()].sort();
  for (const member of room.members.values()) {
    expect(member.reachable).toEqual(everybody.filter((id) => id !== member.id));
    expect(member.pending).toEqual([]);
    expect(member.dropped).toEqual([]);
    const { links } = member.mesh.snapshot();
    expect(links.length).toBeLessThanOrEqual(everybody.length - 1 <= options.degree ? everybody.length - 1 : options.degree);
    expect(links.length).toBeLessThanOrEqual(MESH_LIMITS.links);
  }
  for (const member of room.members.values()) member.mesh.close();
});
