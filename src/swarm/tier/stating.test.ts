import fc from "fast-check";
import { expect, test } from "vitest";
import type { PeerId } from "../../wire/ids.ts";
import { NO_VIEW, type Word } from "../message.ts";
import { genesisHead, initialState, type Heard, type SwarmConfig, type SwarmState } from "../state.ts";
import { withEntries } from "../versions.ts";
import { groupsStated, nodesStated, partsStated, restate } from "./stating.ts";

const peers = Array.from({ length: 6 }, (_, i) => `${i}`.repeat(32) as PeerId);
const head = genesisHead(NO_VIEW, new Int32Array(1));
const start = { ...initialState({ self: "f".repeat(32) as PeerId, epochRounds: 4 } as SwarmConfig, head, 0), reachable: peers.slice(1) };
const word = fc.record({ here: fc.boolean(), part: fc.boolean(), busy: fc.boolean(), above: fc.boolean() }).map(({ here, part, busy, above }): Word => ({ kind: "stand", root: here ? head.root : NO_VIEW, round: 0, weight: 0, taking: true, votes: [], busy, slow: false, part: part ? NO_VIEW : null, cut: null, signed: false, above: above ? { part: NO_VIEW, cut: null, signed: false, outcome: null, votes: [] } : undefined }));

const stated = (s: SwarmState): unknown => [partsStated(s), nodesStated(s), [...groupsStated(s)]];

test("what words leave as it was is what would be found anew", () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(fc.tuple(fc.constantFrom(...peers), word), { selector: ([peer]) => peer, minLength: 1, maxLength: 3 }), { maxLength: 12 }), (messages) => {
      const s: SwarmState = { ...start, stands: new Map() };
      for (const said of messages) {
        const before = s.stands;
        const fresh = said.map(([peer, word]) => ({ peer, word, last: before.get(peer) }));
        s.stands = withEntries(before, said.map(([peer, word]): [PeerId, Heard] => [peer, { ...word, seq: 0, signature: new Uint8Array(), since: 0, times: 1 }]));
        restate(s, before, fresh);
        expect(stated(s)).toEqual(stated({ ...s, stands: new Map(s.stands) }));
      }
    }),
  );
});
