import { EVERY, type Curves } from "./text-experiment.ts";

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 56;
const RIGHT = 160;
const TOP = 34;
const BOTTOM = 46;

const LINES = [
  { name: "alone", colour: "#b4532a", dash: "2 4" },
  { name: "central", colour: "#5f6b68", dash: "8 4" },
  { name: "federated 100", colour: "#7a4f9a", dash: "" },
  { name: "federated 25", colour: "#12615a", dash: "" },
] as const satisfies readonly { name: keyof Curves; colour: string; dash: string }[];

/** Held-out loss by steps, the mean of all seeds as a line and each seed's curve thin behind it. */
export function curvesSvg(seeds: readonly Curves[], title: string): string {
  const points = seeds[0]!.central.length;
  // From the first score on: the one before any training would squeeze the rest together.
  const shown = seeds.flatMap((curves) => LINES.flatMap(({ name }) => curves[name].slice(1)));
  const low = Math.floor(Math.min(...shown) * 10) / 10;
  const high = Math.ceil(Math.max(...shown) * 10) / 10;
  const x = (point: number): number => LEFT + ((point - 1) / (points - 2)) * (WIDTH - LEFT - RIGHT);
  const y = (loss: number): number => TOP + ((high - loss) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const path = (curve: readonly number[]): string => curve.slice(1).map((loss, i) => `${i === 0 ? "M" : "L"}${x(i + 1).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
  const text = (at: [number, number], words: string, more = ""): string => `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${words}</text>`;

  const grid = Array.from({ length: Math.round((high - low) * 10) + 1 }, (_, i) => low + i / 10).map(
    (loss) => `<path d="M${LEFT} ${y(loss).toFixed(1)}H${WIDTH - RIGHT}" stroke="#d9ddd9"/>${text([LEFT - 8, y(loss) + 4], loss.toFixed(1), 'text-anchor="end"')}`,
  );
  const ticks = Array.from({ length: points - 1 }, (_, i) => i + 1).filter((point) => point % 2 === 0).map((point) => text([x(point), HEIGHT - BOTTOM + 20], String(point * EVERY), 'text-anchor="middle"'));
  const curves = LINES.map(({ name, colour, dash }) => {
    const mean = meanOf(seeds.map((each) => each[name]));
    const thin = seeds.map((each) => `<path d="${path(each[name])}" fill="none" stroke="${colour}" stroke-opacity=".25"/>`).join("");
    const label = text([WIDTH - RIGHT + 8, y(mean.at(-1)!) + 4], `${name} ${mean.at(-1)!.toFixed(3)}`, `fill="${colour}" font-weight="600"`);
    return `${thin}<path d="${path(mean)}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>${label}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="#26302e" role="img">
<title>${title}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${text([LEFT, 20], title, 'font-weight="600"')}
${grid.join("\n")}
${ticks.join("\n")}
${text([(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8], "local steps", 'text-anchor="middle"')}
${curves.join("\n")}
</svg>
`;
}

/** Point by point. */
export const meanOf = (curves: readonly (readonly number[])[]): number[] => curves[0]!.map((_, i) => curves.reduce((sum, curve) => sum + curve[i]!, 0) / curves.length);
