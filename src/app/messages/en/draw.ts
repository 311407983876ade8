import { plurals } from "../plural.ts";

const counted = plurals("en");

/** The sheet to draw a digit on. */
export const draw = {
  draw: {
    heading: "Draw a digit",
    hint: "The model as it is now answers at once, here on this device.",
    canvas: "Drawing sheet. Draw with a finger, pen or mouse. By keyboard: arrow keys move the pen, Space puts it down or lifts it, Delete clears.",
    clear: "Clear",
    empty: "Draw a digit from 0 to 9.",
    untrained: "An untrained model guesses.",
    answer: (digit: number, probability: string) => `This looks like a ${digit} (${probability}).`,
    latency: (time: string) => `answered in ${time}`,
    probabilities: "Probability of each digit",
    add: "Add to my digits as",
    addAs: (digit: number) => `Add to my digits as ${digit}`,
    added: (digit: number, count: number) => `Added as ${digit}: ${counted(count, { one: "drawing", other: "drawings" })} on this device.`,
    penDown: "Pen down",
    penUp: "Pen lifted",
    failed: "The model could not answer just now. Draw on to ask again.",
  },
};
