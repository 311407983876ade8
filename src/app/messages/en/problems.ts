/** What went wrong, what is safe, what to do. */
export const problems = {
  problem: {
    safe: "Safe:",
    todo: "What to do:",
    detail: "Technical detail",
    reload: "Reload the page",
    openRoom: "Go to the open room",
    "no-webrtc": {
      what: "This browser does not let pages talk to each other directly (WebRTC is missing or switched off).",
      safe: "Nothing was sent, and nothing was changed on this device.",
      todo: "Switch WebRTC on again (some privacy extensions switch it off), or open this page in a current Chrome, Edge, Firefox or Safari.",
    },
    "no-worker": {
      what: "This browser could not start the part that computes beside the page (module workers).",
      safe: "Nothing was sent, and your drawings are kept.",
      todo: "Reload. If it happens again, update the browser: Chrome and Edge from 80, Safari from 15, Firefox from 114 can do it.",
    },
    "no-wasm": {
      what: "This browser does not run WebAssembly, which the model needs.",
      safe: "Nothing was sent, and nothing was changed on this device.",
      todo: "Leave the browser’s “lockdown” or strictest security mode for this page, or use another current browser.",
    },
    "data-unavailable": {
      what: "The digits could not be loaded from this server.",
      safe: "The model and your drawings are kept.",
      todo: "Check the connection and join again, or train on your own drawings.",
    },
    "engine-failed": {
      what: "The engine that trains the model stopped: often the device was short of memory, or its graphics driver was reset.",
      safe: "The last finished round is kept; the unfinished one is lost, and the others finish it without you.",
      todo: "Close other heavy tabs, reload, and go on from the kept round.",
    },
    "update-needed": {
      what: "The others, or the room server, speak a newer version of Hromada.",
      safe: "The model and your drawings are kept.",
      todo: "Reload the page to get the new version. If it stays so, the server that serves this page has to be updated.",
    },
    tampered: {
      what: "What came from another device over the room server does not prove itself: the room server changed it, or that device has a forged certificate.",
      safe: "It was thrown away unread; the rounds go on over the links that are there.",
      todo: "If it happens again, meet over another room server: name it in the link’s settings.",
    },
    privacy: {
      what: "The privacy that this task promises cannot be had with its model.",
      safe: "Nothing was sent.",
      todo: "Whoever made the task has to change it as the line below says.",
    },
    "privacy-spent": {
      what: "Another round would tell more about this device’s data than the task promises.",
      safe: "Nothing was sent. The model is kept, and answers here.",
      todo: "Nothing: this device has given what it could. Join another task, or this one on other data in another browser profile.",
    },
    "storage-unavailable": {
      what: "This browser does not let the page keep anything (private mode, or no space left).",
      safe: "This device can take part all the same.",
      todo: "Nothing, if that is fine: after closing the tab it starts anew. To keep rounds, free some space or leave private mode.",
    },
    "no-drawings": {
      what: "This device is set to train on your drawings, and there are none.",
      safe: "Nothing was sent.",
      todo: "Draw some digits and say which they are, or choose a share of the digits, then join.",
    },
    "keys-in-use": {
      what: "The keys are in use: this device is in a room.",
      safe: "Nothing was changed.",
      todo: "Leave the room, then try again.",
    },
    passphrase: {
      what: "The passphrase does not open this key file, or the file is damaged.",
      safe: "Nothing was changed; the keys that are kept here stay.",
      todo: "Type the passphrase with which the file was exported, or export it anew.",
    },
    "key-file": {
      what: "This is not a key file of Hromada, or it is damaged.",
      safe: "Nothing was changed; the keys that are kept here stay.",
      todo: "Choose the file hromada-keys.bin that was exported.",
    },
    "no-model": {
      what: "This model is not on this device any more.",
      safe: "Nothing else was changed.",
      todo: "Choose another model; a published one can be fetched again by its id.",
    },
    "models-full": {
      what: "No more models can be kept on this device.",
      safe: "Those that are here stay.",
      todo: "Remove one on the page Models, then try again.",
    },
    "bad-link": {
      what: "The link to the room cannot be used:",
      safe: "Nothing was sent: this device is in no room.",
      todo: "Ask for the link again and copy the whole of it, or go to this server’s open room.",
    },
    "no-slot": {
      what: "Every slot for a device of this browser is taken by another tab.",
      safe: "The other tabs go on undisturbed.",
      todo: "Close one of them and reload.",
    },
    internal: {
      what: "Something went wrong that we did not foresee.",
      safe: "The data never left this device. The last finished round is kept.",
      todo: "Reload and go on. If it happens again, report it with the technical detail.",
    },
  },
  unsupported: {
    heading: "This browser cannot take part here",
    why: "Why:",
    works: "What would work:",
    "secure-context": {
      why: "The page was opened over an address that the browser does not hold to be secure.",
      works: "Open it by https (on your own machine: npm start -- --https), or as http://localhost on the machine that serves it.",
    },
    webrtc: {
      why: "It has no WebRTC, by which devices talk to each other directly.",
      works: "Switch WebRTC on in the settings or in your privacy extension, or use a current Chrome, Edge, Firefox or Safari.",
    },
    "module-workers": {
      why: "It has no module workers, in which the model is trained beside the page.",
      works: "Update it: Chrome and Edge from 80, Safari from 15, Firefox from 114.",
    },
    wasm: {
      why: "It does not run WebAssembly.",
      works: "Leave the strictest security mode (on Apple devices: Lockdown Mode) for this page, or use another current browser.",
    },
    nothing: "Nothing was sent, and nothing was kept on this device.",
  },
};
