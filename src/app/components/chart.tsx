import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { Columns } from "../curve-data.ts";
import { language } from "../i18n.ts";
import { theme } from "../theme.ts";

export interface Line {
  /** Custom property that holds the colour. */
  colour: string;
  width: number;
  points: boolean;
}

interface ChartProps {
  columns: Columns;
  /** Grows with each change of `columns`. */
  version: number;
  lines: Line[];
  /** Fixed range of the y axis; else from 0 to what the data need. */
  range?: [number, number];
  /** Writes a value of the y axis. */
  tick: (value: number) => string;
  /** What the curve shows, for those who do not see it. */
  text: string;
  failed: string;
}

const HEIGHT = 190;

function options(props: ChartProps, width: number, style: CSSStyleDeclaration): uPlot.Options {
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--faint"), font: `11px ${style.fontFamily}`, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false }, y: { range: (_, __, max) => props.range ?? [0, Math.max(0.1, (max ?? 1) * 1.05)] } },
    axes: [
      { ...axis, size: 26, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000], grid: { show: false } },
      { ...axis, size: 44, values: (_, ticks) => ticks.map(props.tick) },
    ],
    series: [{}, ...props.lines.map(({ colour: name, width: stroke, points }) => ({ stroke: colour(name), width: stroke, spanGaps: true, points: { show: points, size: 5, fill: colour(name) } }))],
  };
}

/** A curve by uPlot, which is fetched when the first curve is shown; new points are handed on without building it again. */
export function Chart(props: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const failed = useSignal(false);
  const latest = useRef(props);
  latest.current = props;
  const look = `${theme.value} ${language.value}`;

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    let gone = false;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    let build = (): void => undefined;
    const resize = new ResizeObserver(() => {
      if (element.clientWidth > 0) plot.current?.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    const rebuild = (): void => build();
    import("uplot").then(
      ({ default: Plot }) => {
        if (gone) return;
        build = () => {
          plot.current?.destroy();
          plot.current = new Plot(options(latest.current, Math.max(120, element.clientWidth), getComputedStyle(element)), latest.current.columns as uPlot.AlignedData, element);
        };
        build();
        resize.observe(element);
        dark.addEventListener("change", rebuild);
      },
      (cause: unknown) => {
        console.error(cause);
        failed.value = true;
      },
    );
    return () => {
      gone = true;
      resize.disconnect();
      dark.removeEventListener("change", rebuild);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [look]);

  useEffect(() => plot.current?.setData(props.columns as uPlot.AlignedData), [props.version]);

  return (
    <>
      <div class="chart" ref={host} role="img" aria-label={props.text} />
      {failed.value && <p class="hint">{props.failed}</p>}
    </>
  );
}
