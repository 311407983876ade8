import type { SimulateReport } from "../../src/sim/simulate/report.ts";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [380, 280, 56, 16, 40, 44];

interface Chart {
  title: string;
  across: string;
  /** Left to right. */
  points: readonly [x: number, y: number][];
  label: (value: number) => string;
  /** The axis across counts doublings. */
  doublings: boolean;
  most: number;
  /** A line at a goal. */
  goal: { at: number; label: string } | null;
}

function chart({ title, across, points, label, doublings, most, goal }: Chart, offset: number): string {
  const scale = (x: number): number => (doublings ? Math.log2(x) : x);
  const [first, last] = [scale(points[0]?.[0] ?? 0), scale(points.at(-1)?.[0] ?? 1)];
  const x = (value: number): number => offset + LEFT + ((scale(value) - first) / Math.max(1e-9, last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);
  const text = (at: readonly [number, number], words: string, more = ""): string => `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${words}</text>`;
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => `<path d="M${offset + LEFT} ${y(part * most).toFixed(1)}h${WIDTH - LEFT - RIGHT}" stroke="#d9ddd9"/>${text([offset + LEFT - 6, y(part * most) + 4], label(part * most), 'text-anchor="end"')}`);
  const shown = points.filter((_, i) => i % Math.ceil(points.length / 8) === 0 || i === points.length - 1);
  const ticks = shown.map(([value]) => text([x(value), HEIGHT - BOTTOM + 18], String(value), 'text-anchor="middle"'));
  const path = points.map(([at, value], i) => `${i === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const dots = points.map(([at, value]) => `<circle cx="${x(at).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="#12615a"/>`);
  const line = goal ? `<path d="M${offset + LEFT} ${y(goal.at).toFixed(1)}h${WIDTH - LEFT - RIGHT}" stroke="#b4532a" stroke-dasharray="6 4"/>${text([offset + WIDTH - RIGHT, y(goal.at) - 5], goal.label, 'text-anchor="end" fill="#b4532a"')}` : "";
  return [text([offset + LEFT, 22], title, 'font-weight="600"'), ...grid, ...ticks, text([offset + (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8], across, 'text-anchor="middle"'), line, `<path d="${path}" fill="none" stroke="#12615a" stroke-width="2.5"/>`, ...dots].join("\n");
}

/** Accuracy by round, and what a device sends in a round by the swarm's size. @param sizes runs of several sizes, ascending, `main` among them */
export function simulationSvg(main: SimulateReport, sizes: readonly SimulateReport[]): string {
  const uploads = sizes.flatMap(({ line }): [number, number][] => (line.upload.inC === null ? [] : [[line.peers, line.upload.inC]]));
  const accuracy = chart({ title: `Accuracy, ${main.line.peers} devices`, across: "round", points: main.curve.map((point): [number, number] => [point.round, point.accuracy]), label: (share) => `${(100 * share).toFixed(0)} %`, doublings: false, most: 1, goal: null }, 0);
  const bytes = chart(
    { title: "Sent by a device in a round, in ciphertexts", across: "devices", points: uploads, label: (value) => value.toFixed(1), doublings: true, most: Math.max(4, ...uploads.map(([, value]) => value)), goal: { at: 3.3, label: "goal: 3.3" } },
    WIDTH,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#26302e" role="img">
<title>A simulated swarm of ${main.line.peers} devices</title>
<rect width="${2 * WIDTH}" height="${HEIGHT}" fill="#fff"/>
${accuracy}
${bytes}
</svg>
`;
}
