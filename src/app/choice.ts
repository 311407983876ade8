import type { JoinChoice } from "../device/api.ts";
import type { DataChoice } from "../learn/trainer.ts";
import type { TextStore } from "./local-store.ts";
import { DEFAULT_SHARES, ownShare } from "./options.ts";

/** What the person picked; the number of the share is the slot's own. `given` is what the address asks for. */
export type Choice = { kind: "even" } | { kind: "labels"; labels: number[] } | { kind: "drawn" } | { kind: "own"; set: string } | { kind: "given"; data: DataChoice };

/** The choice of the last visit of this slot, or the even share. */
export function keptChoice(slot: number, store: TextStore): Choice {
  const text = store.read(`${slot}.data`) ?? "";
  if (text === "drawn") return { kind: "drawn" };
  if (/^own:[0-9a-f]{1,64}$/.test(text)) return { kind: "own", set: text.slice("own:".length) };
  if (/^labels:\d(,\d){0,9}$/.test(text)) return { kind: "labels", labels: text.slice("labels:".length).split(",").map(Number) };
  return { kind: "even" };
}

export function keepChoice(slot: number, store: TextStore, choice: Choice): void {
  if (choice.kind !== "given") store.write(`${slot}.data`, textOf(choice));
}

function textOf(choice: Exclude<Choice, { kind: "given" }>): string {
  if (choice.kind === "labels") return `labels:${choice.labels.join(",")}`;
  return choice.kind === "own" ? `own:${choice.set}` : choice.kind;
}

/** As the device takes it. Drawings are kept by the device itself: an empty `drawn` means all that it keeps. */
export function toData(choice: Choice, slot: number, store: TextStore): JoinChoice {
  switch (choice.kind) {
    case "given":
      return choice.data;
    case "own":
      return choice;
    case "drawn":
      return { kind: "drawn", images: new Uint8Array(0), labels: new Uint8Array(0) };
    case "labels":
      return { kind: "share", share: ownShare(slot, store), shares: DEFAULT_SHARES, labels: choice.labels };
    case "even":
      return { kind: "share", share: ownShare(slot, store), shares: DEFAULT_SHARES };
  }
}
