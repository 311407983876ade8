import { expect, test } from "vitest";
import { decodeReceipt, encodeReceipt, endorsementsDue } from "../ledger/receipt.ts";
import { genesisRecord, rootOf, type CommitRecord } from "../swarm/record.ts";
import { enrolled } from "../swarm/roll.ts";
import type { PeerId } from "../wire/ids.ts";
import { peerIdOfCertificate, roomCredential } from "./credential.ts";
import { createGuard } from "./guard.ts";
import { createReceipts, RECEIPT_BYTE } from "./receipts.ts";
import { roomKeys, systemRandom } from "./room.ts";

const EPOCH = 3;
const room = roomKeys({ server: "ws://localhost", iceServers: [], relayOnly: false }, "ab".repeat(32));

/** A room whose members know each other's certificates and hear each other at once. */
function group(size: number) {
  const wire: { from: PeerId; to: PeerId; bytes: Uint8Array }[] = [];
  const members = Array.from({ length: size }, () => {
    const credential = roomCredential(room, EPOCH, systemRandom);
    const guard = createGuard(room, credential, [room.issuer.P], systemRandom);
    const got: Uint8Array[] = [];
    const receipts = createReceipts({
      self: credential.self,
      certificate: credential.key.certificate,
      P: credential.key.P,
      guard,
      send: (to, bytes) => void wire.push({ from: credential.self, to, bytes }),
      onReceipt: (receipt) => void got.push(receipt),
    });
    return { self: credential.self, guard, receipts, got };
  });
  for (const { self, guard } of members) {
    const statement = Uint8Array.of(1);
    const proof = guard.prove(statement);
    for (const other of members) if (other.self !== self) other.guard.check(self, statement, proof);
  }
  const deliver = (pass = (_: (typeof wire)[number]): boolean => true): void => {
    for (const message of wire.splice(0)) if (pass(message)) members.find(({ self }) => self === message.to)!.receipts.receive(message.from, message.bytes);
  };
  const names = members.map(({ self }) => self).sort();
  const record: CommitRecord = { ...genesisRecord("ab".repeat(32), "cd".repeat(32), 4), round: 61, ...enrolled({ contributors: names, members: [], rows: [] }), weight: 61 * size };
  return { members, names, commit: { record, root: rootOf(record), roll: { contributors: names, members: [], node: 0, rows: [] } }, wire, deliver };
}

const read = (bytes: Uint8Array) => decodeReceipt(bytes, peerIdOfCertificate, createGuard(room, roomCredential(room, EPOCH, systemRandom), [room.issuer.P], systemRandom).aad("committee"));

test.each([2, 3, 5])("each of %i that commit together holds a receipt that anybody can check, whoever commits first", (size) => {
  const { members, names, commit, deliver } = group(size);
  for (const { receipts } of members) {
    receipts.committed(commit, names);
    deliver();
  }
  for (const { got } of members) {
    expect(got).toHaveLength(1);
    const receipt = read(got[0]!);
    expect(receipt.commit).toEqual(commit);
    expect(receipt.group).toEqual(names);
    expect(receipt.endorsements.length).toBe(endorsementsDue(names));
  }
});

test("without the word of two thirds there is no receipt, and the word of who is not of the group counts nothing", () => {
  const { members, names, commit, wire, deliver } = group(5);
  const [first, second, third, outsider] = members as [(typeof members)[0], (typeof members)[0], (typeof members)[0], (typeof members)[0]];
  const four = names.filter((name) => name !== outsider.self);
  first.receipts.committed(commit, four);
  second.receipts.committed(commit, four);
  outsider.receipts.committed(commit, names);
  deliver();
  expect(first.got).toEqual([]);
  third.receipts.committed(commit, names); // it says that it summed with others than the rest say
  deliver();
  expect(first.got).toEqual([]);
  wire.push({ from: third.self, to: first.self, bytes: Uint8Array.of(RECEIPT_BYTE, 1, 2, 3) });
  deliver();
  expect(first.got).toEqual([]);
});

test("a receipt that was changed, is for others, counts one twice or has too few is refused", () => {
  const { members, names, commit, deliver } = group(4);
  for (const { receipts } of members) receipts.committed(commit, names);
  deliver();
  const bytes = members[0]!.got[0]!;
  const receipt = read(bytes);
  const refused = (change: Partial<typeof receipt>): void => expect(() => read(encodeReceipt({ ...receipt, ...change }))).toThrow(expect.objectContaining({ code: "malformed" }));
  const { record, root, roll } = commit;
  refused({ commit: { record: { ...record, weight: record.weight + 1 }, root, roll } });
  const fewer = { ...roll, contributors: names.slice(1) };
  refused({ commit: { record, root, roll: fewer } });
  refused({ commit: { record: { ...record, ...enrolled(fewer) }, root, roll: fewer } });
  refused({ group: names.slice(0, 3) });
  refused({ endorsements: receipt.endorsements.slice(1) });
  refused({ endorsements: [...receipt.endorsements.slice(1), receipt.endorsements[1]!] });
  refused({ endorsements: receipt.endorsements.map((endorsement) => ({ ...endorsement, signature: endorsement.signature.map((byte, i) => byte ^ (i === 40 ? 1 : 0)) })) });
  for (let at = 0; at < bytes.length; at += 97) expect(() => read(bytes.map((byte, i) => byte ^ (i === at ? 1 : 0)))).toThrow();
  expect(() => read(bytes.subarray(0, bytes.length - 1))).toThrow(expect.objectContaining({ code: "malformed" }));
});
