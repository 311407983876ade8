import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { messages } from "../i18n.ts";
import { createSheet, type Sheet, SHEET_SIDE } from "../sheet.ts";

/** How far an arrow key moves the pen, in the sheet's pixels. */
const KEY_STEP = 12;

const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const clamp = (value: number): number => Math.max(12, Math.min(SHEET_SIDE - 12, value));

/** Draws with pointer or keyboard; hands the sheet on after every change, and the means to clear it once at the start. */
export function DigitCanvas(props: { onInk: (sheet: Sheet) => void; onClear: () => void; onReady: (sheet: Sheet) => void }) {
  const text = messages.value.draw;
  const canvas = useRef<HTMLCanvasElement>(null);
  const sheet = useRef<Sheet | null>(null);
  const pen = useSignal<{ x: number; y: number; down: boolean } | null>(null);

  useEffect(() => {
    if (canvas.current === null) return;
    sheet.current = createSheet(canvas.current);
    props.onReady(sheet.current);
  }, []);

  const place = (event: PointerEvent): [number, number] => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return [0, 0];
    return [((event.clientX - box.left) / box.width) * SHEET_SIDE, ((event.clientY - box.top) / box.height) * SHEET_SIDE];
  };
  const draw = (how: (sheet: Sheet) => void): void => {
    if (sheet.current === null) return;
    how(sheet.current);
    props.onInk(sheet.current);
  };
  const start = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    canvas.current?.setPointerCapture(event.pointerId);
    pen.value = null;
    draw((target) => target.down(...place(event)));
  };
  const move = (event: PointerEvent): void => {
    if (canvas.current?.hasPointerCapture(event.pointerId) !== true) return;
    const points = event.getCoalescedEvents().length > 0 ? event.getCoalescedEvents() : [event];
    draw((target) => points.forEach((point) => target.line(...place(point))));
  };
  const key = (event: KeyboardEvent): void => {
    const now = pen.value ?? { x: SHEET_SIDE / 2, y: SHEET_SIDE / 4, down: false };
    const arrow = ARROWS[event.key];
    if (arrow) {
      const next = { x: clamp(now.x + KEY_STEP * arrow[0]), y: clamp(now.y + KEY_STEP * arrow[1]), down: now.down };
      pen.value = next;
      if (next.down) draw((target) => target.line(next.x, next.y));
    } else if (event.key === " ") {
      pen.value = { ...now, down: !now.down };
      if (!now.down) draw((target) => target.down(now.x, now.y));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      pen.value = { ...now, down: false };
      props.onClear();
    } else return;
    event.preventDefault();
  };
  const share = (value: number): string => `${(100 * value) / SHEET_SIDE}%`;
  const at = pen.value;
  return (
    <div class="sheet">
      <canvas ref={canvas} tabIndex={0} role="application" aria-label={text.canvas} onPointerDown={start} onPointerMove={move} onKeyDown={key} onBlur={() => (pen.value = null)} />
      {at && <span class={`pen ${at.down ? "pen-down" : ""}`} style={{ left: share(at.x), top: share(at.y) }} />}
      <span class="hidden" role="status">
        {at === null ? "" : at.down ? text.penDown : text.penUp}
      </span>
    </div>
  );
}
