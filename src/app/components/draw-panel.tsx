import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Prediction } from "../../learn/trainer.ts";
import { toBytes, toDigit } from "../digit.ts";
import { format, messages } from "../i18n.ts";
import { problemOf, type Session } from "../session.ts";
import { type Sheet, SHEET_SIDE } from "../sheet.ts";
import { throttle } from "../throttle.ts";
import { DigitCanvas } from "./digit-canvas.tsx";
import { Panel } from "./panel.tsx";

/** The model is asked at most this often while a stroke is drawn, in milliseconds. */
const ASK_INTERVAL = 100;

const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

function Bars({ probabilities, best }: { probabilities: number[] | null; best: number | null }) {
  const text = messages.value.draw;
  return (
    <table class="bars">
      <caption class="hidden">{text.probabilities}</caption>
      <tbody>
        {DIGITS.map((digit) => {
          const value = probabilities?.[digit] ?? 0;
          return (
            <tr key={digit} class={digit === best ? "best" : ""}>
              <th scope="row">{digit}</th>
              <td>
                <span class="bar" aria-hidden="true">
                  <span style={{ inlineSize: `${100 * value}%` }} />
                </span>
                <span class="number">{probabilities === null ? "–" : format.value.roughPercent(value)}</span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** A drawing, what the model makes of it while it is drawn, and the way to keep it as this device's own data. */
export function DrawPanel({ session }: { session: Session }) {
  const text = messages.value.draw;
  const digit = useSignal<Float32Array | null>(null);
  const answer = useSignal<Prediction | null>(null);
  const failed = useSignal(false);
  const added = useSignal<number | null>(null);
  const sheet = useRef<Sheet | null>(null);
  const asking = useRef({ busy: false, again: false });

  const ask = async (): Promise<void> => {
    const state = asking.current;
    state.again = state.busy;
    if (state.busy || digit.peek() === null) return;
    state.busy = true;
    try {
      const pixels = digit.peek();
      const given = pixels === null ? null : await session.predict(pixels);
      if (digit.peek() !== null) answer.value = given;
      failed.value = false;
    } catch (cause) {
      console.warn("The model did not answer.", problemOf(cause).detail);
      failed.value = true;
    } finally {
      state.busy = false;
    }
    if (state.again) await ask();
  };
  const look = useRef(
    throttle<Sheet>(() => ASK_INTERVAL, (drawn) => {
      digit.value = toDigit(drawn.ink(), SHEET_SIDE, SHEET_SIDE);
      void ask();
    }),
  );
  const clear = (): void => {
    sheet.current?.clear();
    digit.value = null;
    answer.value = null;
    failed.value = false;
  };
  const add = async (label: number): Promise<void> => {
    const drawn = sheet.current === null ? null : toDigit(sheet.current.ink(), SHEET_SIDE, SHEET_SIDE);
    if (drawn === null) return;
    try {
      await session.addDrawing(toBytes(drawn), label);
      added.value = label;
      clear();
    } catch (cause) {
      console.warn("The drawing was not kept.", problemOf(cause).detail);
      failed.value = true;
    }
  };
  // A better model may see the same drawing otherwise: ask again after each round.
  const version = useRef(0);
  useSignalEffect(() => {
    const rounds = session.snapshot.value?.rounds.length ?? 0;
    if (rounds === version.current) return;
    version.current = rounds;
    void ask();
  });

  const result = answer.value;
  const best = result === null ? null : result.probabilities.indexOf(Math.max(...result.probabilities));
  const empty = digit.value === null;
  const untrained = (session.snapshot.value?.rounds.length ?? 0) === 0 && (session.snapshot.value?.resumable ?? null) === null;
  const drawings = session.snapshot.value?.drawings ?? 0;
  const words = (): string => {
    if (failed.value) return text.failed;
    if (result !== null && best !== null) return text.answer(best, format.value.roughPercent(result.probabilities[best] ?? 0));
    return added.value === null ? text.empty : text.added(added.value, drawings);
  };
  return (
    <Panel id="draw" heading={text.heading}>
      <p class="hint">
        {text.hint} {untrained && text.untrained}
      </p>
      <div class="draw">
        <DigitCanvas
          onReady={(ready) => (sheet.current = ready)}
          onInk={(drawn) => {
            added.value = null;
            look.current(drawn);
          }}
          onClear={clear}
        />
        <Bars probabilities={result?.probabilities ?? null} best={best} />
      </div>
      <p class="answer">
        <span role="status">{words()}</span>
        {result !== null && <span class="meta">{text.latency(format.value.milliseconds(result.milliseconds))}</span>}
      </p>
      <div class="draw-tools">
        <button type="button" class="button small" onClick={clear}>
          {text.clear}
        </button>
        <div class="add" role="group" aria-labelledby="add-heading">
          <span id="add-heading" class="hint">
            {text.add}
          </span>
          <span class="digit-buttons">
            {DIGITS.map((label) => (
              <button key={label} type="button" class="button digit-button" aria-label={text.addAs(label)} aria-disabled={empty} onClick={() => empty || void add(label)}>
                {label}
              </button>
            ))}
          </span>
        </div>
      </div>
    </Panel>
  );
}
