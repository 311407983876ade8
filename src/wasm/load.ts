/** A kernel of `src/wasm/build`, ready to be instantiated or posted to workers. */
export const compileKernel = (base64: string): WebAssembly.Module => new WebAssembly.Module(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
