// The house's layers, top to bottom; nothing imports upward (ARCHITECTURE.md).
const layers = [
  ["app", "sdk", "headless", "sim"],
  ["device"],
  ["swarm", "library", "membership", "learn", "llm", "ledger"],
  ["update", "securesum", "coding", "identity"],
  ["mesh", "signal", "store", "workers"],
  ["wire", "wasm"],
];
const room = (names) => `^src/(${names.join("|")})/`;
// A worker's entry point and a test may look at what they start or test.
const free = "(^src/workers/entry/|\\.test\\.tsx?$)";

module.exports = {
  forbidden: [
    ...layers.slice(1).map((names, index) => ({
      name: `no-import-upward-from-${names[0]}`,
      severity: "error",
      from: { path: room(names), pathNot: free },
      to: { path: room(layers.slice(0, index + 1).flat()) },
    })),
    {
      name: "core-has-no-io",
      comment: "swarm, library, update and identity are functions from (state, event) to (state, effects)",
      severity: "error",
      from: { path: "^src/(swarm|library|membership|update|identity|wire)/", pathNot: "\\.test\\.ts$" },
      to: { path: ["^src/(mesh|signal|store|workers)/"] },
    },
    {
      name: "core-has-no-node",
      severity: "error",
      from: { path: "^src/(swarm|library|membership|update|identity|wire)/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "entries-are-started-not-imported",
      severity: "error",
      // app/device.ts takes the entry's address, not its code.
      from: { pathNot: "^src/(workers/entry/|app/device\\.ts$)" },
      to: { path: "^src/workers/entry/", pathNot: "\\.types\\.ts$" },
    },
    {
      name: "page-talks-to-device-only",
      severity: "error",
      from: { path: "^src/app/", pathNot: "\\.test\\.tsx?$" },
      to: { path: "^src/(swarm|library|learn|update|wire|signal|store)/", dependencyTypesNot: ["type-only"] },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    { name: "no-unresolved", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: "^virtual:|\\?" } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^src/wasm/assembly/" },
    includeOnly: "^(src|tools|bench|e2e)",
  },
};
