import { format, messages } from "../i18n.ts";
import type { Session } from "../session.ts";
import { Chart, type Line } from "./chart.tsx";

const ACCURACY: Line[] = [{ colour: "--accent", width: 2, points: true }];
const LOSS: Line[] = [
  { colour: "--faint", width: 1, points: false },
  { colour: "--accent", width: 2, points: true },
];
const WHOLE: [number, number] = [0, 1];

/** The latest value of a column. */
const lastOf = (column: (number | null)[] | undefined): number | null => column?.findLast((value) => value !== null) ?? null;

/** Accuracy and loss as they grow. */
export function CurvesPanel({ session }: { session: Session }) {
  const text = messages.value.curves;
  const version = session.curvesVersion.value;
  const { accuracy, loss } = session.curves;
  const score = lastOf(accuracy[1]);
  const batch = lastOf(loss[1]);
  const heldOut = lastOf(loss[2]);
  const write = format.value;
  return (
    <section class="panel curves" aria-labelledby="curves-heading">
      <h2 id="curves-heading" class="hidden">
        {text.heading}
      </h2>
      <figure>
        <figcaption>
          <h3>{text.accuracy}</h3> <span class="meta">{text.accuracyOn}</span>
        </figcaption>
        {score === null ? (
          <p class="empty">{text.accuracyEmpty}</p>
        ) : (
          <Chart
            columns={accuracy}
            version={accuracy[0].length}
            lines={ACCURACY}
            range={WHOLE}
            tick={write.roughPercent}
            text={text.accuracyText(write.percent(score), accuracy[0].at(-1) ?? 0)}
            failed={text.failed}
          />
        )}
      </figure>
      <figure>
        <figcaption>
          <h3>{text.loss}</h3>{" "}
          <span class="meta">
            <span class="key key-thin">
              {text.lossOn} {batch !== null && <span class="numbers">{write.loss(batch)}</span>}
            </span>{" "}
            <span class="key key-thick">
              {text.lossHeldOut} {heldOut !== null && <span class="numbers">{write.loss(heldOut)}</span>}
            </span>
          </span>
        </figcaption>
        {batch === null && heldOut === null ? (
          <p class="empty">{text.empty}</p>
        ) : (
          <Chart columns={loss} version={version} lines={LOSS} tick={write.one} text={text.lossText(write.loss(batch ?? heldOut ?? 0))} failed={text.failed} />
        )}
      </figure>
    </section>
  );
}
