import tseslint from "typescript-eslint";

// The core is a function of (state, event): it may not read a clock, draw chance, or touch the world.
const noIO = ["Date", "performance", "setTimeout", "setInterval", "fetch", "WebSocket", "crypto", "navigator", "indexedDB", "self", "window", "document", "process"];

export default tseslint.config(
  { ignores: ["dist", "node_modules", "test-results", "playwright-report", "public", "src/wasm/assembly", "src/wasm/build"] },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-empty": ["error", { allowEmptyCatch: false }],
      eqeqeq: "error",
    },
  },
  {
    files: ["src/swarm/**/*.ts", "src/library/**/*.ts", "src/membership/**/*.ts", "src/update/**/*.ts", "src/identity/**/*.ts", "src/wire/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-globals": ["error", ...noIO],
      "no-restricted-properties": ["error", { object: "Math", property: "random", message: "the core draws from a seed" }],
    },
  },
);
