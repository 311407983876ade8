import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { messages } from "../../i18n.ts";
import { pictureOf, type Sheet } from "../../sheet.ts";
import { DigitCanvas } from "../digit-canvas.tsx";

/** A drawing as a picture: light ink on dark paper, as models of handwriting see it. */
export function DrawSource({ onPicture }: { onPicture: (picture: Blob) => Promise<void> }) {
  const text = messages.value.dataPage.add.draw;
  const sheet = useRef<Sheet | null>(null);
  const drawn = useSignal(false);
  const clear = (): void => {
    sheet.current?.clear();
    drawn.value = false;
  };
  const add = async (): Promise<void> => {
    if (sheet.current === null || !drawn.value) return;
    await onPicture(await pictureOf(sheet.current));
    clear();
  };
  return (
    <div class="draw-source">
      <DigitCanvas onReady={(ready) => (sheet.current = ready)} onInk={() => (drawn.value = true)} onClear={clear} />
      <div class="actions">
        <button type="button" class="button primary" aria-disabled={!drawn.value} onClick={() => void add()}>
          {text.add}
        </button>
        <button type="button" class="button" onClick={clear}>
          {text.clear}
        </button>
      </div>
    </div>
  );
}
