declare const __COMMIT__: string;
declare const __VERSION__: string;

/** What was built, and from what (vite.config.ts). */
export const build = { version: __VERSION__, commit: __COMMIT__ };
