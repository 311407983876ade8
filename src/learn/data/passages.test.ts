import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadRowsError } from "../errors.ts";
import type { PassageData } from "../task-data.ts";
import { inPieces } from "../testing/streams.ts";
import { batchOf } from "./examples.ts";
import { readPassages } from "./passage-file.ts";
import { countRuns, encodePassage, passageExamples, toBytes } from "./passages.ts";

const task: PassageData = { kind: "passages", source: "own", labels: ["en", "uk"], bytes: 32, longest: 3, buckets: 64 };
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("passages", () => {
  it("are cut at spaces and never within a character", () => {
    const text = "Всі люди народжуються вільними і рівними у своїй гідності та правах. ".repeat(3);
    const { labels, size } = passageExamples([{ label: 1, text }, { label: 0, text: "short" }], task);
    expect(size).toBe(64);
    expect([...new Set(labels)]).toEqual([1, 0]);
    // Letters of two bytes: 372 bytes give at least ten passages of 32.
    expect(labels.filter((label) => label === 1).length).toBeGreaterThan(9);
  });

  it("enter as counts of runs of one length, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 100 }), (text) => {
        const counts = new Float32Array(64);
        countRuns(bytesOf(text), task, counts);
        expect(counts.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(64, 3);
        expect(encodePassage(Float32Array.from(bytesOf(text)), task)).toEqual(counts);
      }),
    );
    const [one, other] = ["abcd", "bcda"].map((text) => encodePassage(Float32Array.from(bytesOf(text)), task));
    expect(one).not.toEqual(other);
    expect(() => toBytes(Float32Array.of(256))).toThrow("UTF-8");
    expect(() => toBytes(new Float32Array())).toThrow("UTF-8");
  });

  it("may be a person's own, from CSV with their labels", async () => {
    const text = 'text,label\n"Hello, world",en\nПривіт,uk\n';
    const { examples } = await readPassages(inPieces(text), task);
    expect([...examples.labels]).toEqual([0, 1]);
    expect(batchOf(examples, Uint32Array.of(0), null).inputs).toEqual(encodePassage(Float32Array.from(bytesOf("Hello, world")), task));
    const wrong = `${text}Bonjour,fr\n,en\n`;
    const error = await readPassages(inPieces(wrong), task).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(BadRowsError);
    expect((error as BadRowsError).rows.map(({ line, column }) => [line, column])).toEqual([[4, 2], [5, 1]]);
    expect((await readPassages(inPieces(wrong), task, { leaveOutBadRows: true })).leftOut.count).toBe(2);
    await expect(readPassages(inPieces("a,b\n1,2\n"), task)).rejects.toThrow("label and text");
  });
});
