import { plurals } from "../plural.ts";

const counted = plurals("en");

/** What this device keeps, for itself and for others. */
export const keeping = {
  lend: {
    heading: "Memory lent",
    about: "Coded pieces of models and data lie here, so that they outlive any device. A piece alone is of no use, and each is checked before it is given away.",
    visit: "This browser keeps nothing (private mode, or no space left): pieces are held in memory until the tab closes.",
    most: "At most",
    nothing: "nothing",
    holds: (shards: number, objects: number, bytes: string) => `Held now: ${counted(shards, { one: "piece", other: "pieces" })} of ${counted(objects, { one: "object", other: "objects" })}, ${bytes}.`,
    wrong: (peers: string) => `Gave wrong pieces, and is asked no more: ${peers}.`,
  },
  keys: {
    heading: "Keys",
    kept: (count: number) => (count === 0 ? "No keys are kept now. A committee of the devices issues them, once four have met." : `Kept here, encrypted: ${counted(count, { one: "key", other: "keys" })}. After a reload this device comes back without registering again.`),
    visit: "This browser keeps nothing (private mode, or no space left): the keys last for this visit only.",
    move: "Move keys to another device or browser",
    moveHint: "The file is encrypted with the passphrase, and opens with nothing else. Use the keys in one place at a time.",
    passphrase: "Passphrase",
    export: "Export keys",
    file: "Choose a key file",
    import: "Import keys",
    noPassphrase: "Type a passphrase first.",
    noFile: "Choose a key file first.",
    working: "Working: this takes a few seconds…",
    exported: "The key file is among your downloads.",
    imported: "The keys are imported.",
  },
};
