import { plurals } from "../plural.ts";

const counted = plurals("en");

/** Everything that a person may set. */
export const settingsPage = {
  heading: "Settings",
  lead: "They are kept in this browser and go nowhere.",

  look: { heading: "Language and look", hint: "Numbers and dates follow the language." },

  care: {
    heading: "Care for this device",
    lead: "How much this device may do, and when. Changes count at once, in the middle of a round too.",
    cpu: "Share of the time that the engine works",
    cpuHint: "Between its steps it rests, and it takes fewer of them a round, so that nobody waits for it.",
    measured: (share: string) => `Measured of late: ${share}.`,
    unmeasured: "It is measured while the device trains.",
    gpu: "Share of the graphics processor",
    gpuOff: (share: string) => `No browser lets a page limit the GPU by itself. It works only while a step runs, so at most for the share above: about ${share}, an estimate.`,
    gpuUnused: "The engine does not use the GPU here.",
    battery: "Train on battery too",
    batteryNow: { mains: "Now: plugged in", running: (level: string) => `Now: on battery, ${level}`, unknown: "This browser does not tell whether it is plugged in, so this has no effect here." },
    metered: "Train over metered links too",
    meteredNow: { yes: "Now: metered, or data are to be saved", no: "Now: not metered", unknown: "This browser does not tell what link it is on; where it is asked to save data, that counts." },
    background: "Train while the page is hidden too",
    backgroundHint: "A hidden tab keeps its rounds: it computes beside the page. A phone may freeze it all the same.",
    backOff: "Ease off when steps get slower or the battery runs low",
    backOffHint: "Half the share is used then. No browser tells a temperature: slower steps are an estimate of it, and other programs slow them down too.",
    pace: (times: string) => `Steps take ${times} times as long as at their best.`,
    awake: "Keep the screen on while taking part",
    awakeNow: { off: "Off while the device takes no part or the page is hidden.", on: "The screen is kept on now.", refused: "The browser refuses it just now, often to save energy.", missing: "This browser cannot keep the screen on." },
  },

  engine: {
    heading: "Engine",
    auto: "The fastest",
    hint: "The fastest is found by a few steps on each, the first time a model is trained here. Another choice counts when this page is opened anew; where that engine does not start, joining says so.",
    now: (engine: string) => `Now: ${engine}`,
    unused: "Nothing has been trained on this visit.",
    trial: (times: string) => `Measured, a step: ${times}.`,
    failed: "did not start",
    threads: "Threads on WASM",
    autoThreads: "As measured",
    severalThreads: "WASM on several threads",
    threadsHint: "Each further thread trains on a part of a batch, with the same result; it takes another core and some 40 MB of memory. Unasked, none is added on two cores, on a phone, or where a step is too short for it to pay. Another choice counts when this page is opened anew.",
    nowThreads: (threads: number) => `Now: ${counted(threads, { one: "thread", other: "threads" })}`,
  },

  connection: { heading: "Room server and relay", none: "The link to the room is broken, so there is nothing to set." },

  storage: {
    heading: "Storage",
    used: (used: string, quota: string) => `${used} used of about ${quota} that the browser grants.`,
    unknown: "This browser does not tell how much is used.",
    lasting: "The browser keeps it until you delete it.",
    fleeting: "When space gets short, the browser may delete it without asking.",
    ask: "Keep it for good",
    refused: "The browser did not agree. It often does once this page is installed or used more.",
    kept: "What is kept here",
    list: [
      "the model of the last round, and how far the round under way has come",
      "your drawings and data, which are never sent",
      "keys, encrypted, for the pseudonyms at hand",
      "pieces of others’ models and data, up to the memory that you lend",
      "this page itself, so that it opens without a network",
      "the settings of this page",
    ],
  },

  danger: {
    heading: "Delete",
    model: "Forget the model and the keys",
    modelHint: "Leaves the room. The next visit begins with an untrained model, as a newcomer.",
    data: "Forget my drawings",
    dataHint: (count: number) => (count === 0 ? "There are none." : `${counted(count, { one: "drawing", other: "drawings" })} on this device.`),
    all: "Delete everything of this browser",
    allHint: "Model, keys, data, lent memory, settings and the copy of this page, of all its tabs. The page then loads anew.",
    sure: "Sure? There is no way back.",
    yes: "Delete",
    no: "Keep",
    done: "Deleted.",
    failed: "It could not all be deleted. Close the other tabs of this page and try again.",
  },

  diagnostics: {
    heading: "Diagnostics",
    lead: "A file that helps to find out what is wrong: versions, engine, graphics adapter, links, the last errors. No data, no keys, no addresses.",
    save: "Save the file",
    look: "What is in it",
    saved: "The file is among your downloads.",
  },

  app: {
    heading: "This app",
    version: (version: string, commit: string) => `Version ${version}, ${commit}`,
    offline: { ready: "Opens without a network.", none: "This browser keeps no copy of the page, so it needs the network." },
    install: "Install",
    installed: "Installed: it has a window of its own.",
    installHint: "To install, use the browser’s menu: “Install” or “Add to home screen”.",
  },
};
