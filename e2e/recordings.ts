import { decodeRecording, type Recording } from "../src/swarm/recording.ts";
import type { Tab } from "../tools/swarm/tabs.ts";

/** All that happened to a tab's device so far, where it was opened with `record=1`. */
export async function recordingOf({ page }: Tab): Promise<Recording> {
  const text = await page.evaluate(async () => {
    const bytes = await globalThis.hromada!.recording();
    return Array.from({ length: Math.ceil(bytes.length / 0x8000) }, (_, i) => String.fromCharCode(...bytes.subarray(i * 0x8000, (i + 1) * 0x8000))).join("");
  });
  return decodeRecording(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}
