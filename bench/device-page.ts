/** bench.html: the same measurement on any phone or GPU, offered as a file. */
import { findAdapter } from "../src/learn/engine/webgpu/adapter.ts";
import { LANGUAGE_NAMES, messages, type Language } from "./device-messages.ts";
import { MODELS, PLAN, type DeviceResult, type Outcome } from "./device-plan.ts";
import { runPlan } from "./device-run.ts";

type Status = "fresh" | "running" | "stopped" | "finished";

const root = document.getElementById("bench")!;
const adapter = await findAdapter().catch(() => null);
let language: Language = navigator.languages.map((tag) => tag.split("-")[0]).find((tag) => tag === "uk" || tag === "en") === "uk" ? "uk" : "en";
let status: Status = "fresh";
let outcomes: Outcome[] = [];
let running = new AbortController();

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, properties: Partial<HTMLElementTagNameMap[Name]> = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[Name] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Lives on while the page is drawn anew, so that its changes are read out. */
const live = element("p", { className: "hint", role: "status" } as Partial<HTMLParagraphElement>);

function draw(): void {
  const text = messages[language];
  const focused = document.activeElement?.id;
  document.documentElement.lang = language;
  document.title = `Hromada: ${text.title}`;
  live.textContent = said();
  root.replaceChildren(
    element("header", { className: "top" }, element("h1", {}, text.title), languages()),
    element("p", { className: "hint" }, text.about),
    device(),
    element("div", { className: "actions" }, ...actions()),
    ...(status === "running" ? [element("progress", { max: PLAN.length, value: outcomes.length, ariaLabel: said() })] : []),
    live,
    ...(outcomes.length > 0 ? [element("div", { className: "results" }, table())] : []),
  );
  if (focused) document.getElementById(focused)?.focus();
}

function said(): string {
  const text = messages[language];
  if (status === "finished") return text.finished;
  if (status === "stopped") return text.stopped;
  const next = PLAN[outcomes.length];
  if (status === "fresh" || !next) return "";
  return text.progress(outcomes.length, PLAN.length, `${text.models[modelOf(next.trial)]}, ${text.engines[next.engine] ?? next.engine}`);
}

const modelOf = (trial: string) => (["mlp", "cnn", "gpt"] as const).find((name) => trial.startsWith(name))!;

function languages(): HTMLElement {
  const choice = element("select", { id: "language", className: "button small", ariaLabel: messages[language].language });
  for (const [name, title] of Object.entries(LANGUAGE_NAMES)) choice.append(element("option", { value: name, selected: name === language, lang: name }, title));
  choice.addEventListener("change", () => {
    language = choice.value === "uk" ? "uk" : "en";
    draw();
  });
  return choice;
}

function device(): HTMLElement {
  const { device: names, unknown, software } = messages[language];
  const gpu = adapter === null ? unknown : `${adapter.name || unknown}${adapter.software ? `, ${software}` : ""}`;
  const facts = [
    [names.cores, String(navigator.hardwareConcurrency || unknown)],
    [names.gpu, gpu],
    [names.browser, navigator.userAgent],
  ] as const;
  return element("dl", { className: "meta" }, ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function actions(): HTMLElement[] {
  const text = messages[language];
  const button = (id: string, title: string, className: string, act: () => void): HTMLElement => {
    const made = element("button", { id, type: "button", className }, title);
    made.addEventListener("click", act);
    return made;
  };
  if (status === "running") return [button("main", text.stop, "button", () => running.abort())];
  const start = button("main", status === "fresh" ? text.start : text.again, "button primary", () => void run());
  return outcomes.length === 0 ? [start] : [start, button("save", text.save, "button", save)];
}

function table(): HTMLElement {
  const text = messages[language];
  const engines = [...new Set(outcomes.map(({ engine }) => engine))];
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const cell = (found: Outcome | undefined): HTMLElement => {
    if (!found) return element("td", { className: "number" });
    if (found.perSecond === null) return element("td", { className: "number", title: found.why ?? "" }, element("span", { className: "meta" }, text.failed));
    const more = found.dispatches === null ? [] : [element("br"), element("span", { className: "meta" }, text.dispatches(number.format(found.dispatches)))];
    return element("td", { className: "number" }, number.format(found.perSecond), ...more);
  };
  const heads = [text.model, ...engines.map((engine) => text.engines[engine] ?? engine)].map((title, i) => element("th", { scope: "col", className: i === 0 ? "" : "number" }, title));
  const rows = MODELS.map(({ trial }) => element("tr", {}, element("th", { scope: "row" }, text.models[modelOf(trial)]), ...engines.map((engine) => cell(outcomes.find((each) => each.engine === engine && modelOf(each.trial) === trial)))));
  return element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
}

async function run(): Promise<void> {
  running = new AbortController();
  outcomes = [];
  status = "running";
  draw();
  for await (const outcome of runPlan(running.signal)) {
    outcomes = [...outcomes, outcome];
    draw();
  }
  status = running.signal.aborted ? "stopped" : "finished";
  draw();
}

function save(): void {
  const result: DeviceResult = {
    v: 1,
    kind: "hromada-bench",
    at: new Date().toISOString(),
    browser: navigator.userAgent,
    cores: navigator.hardwareConcurrency || null,
    memoryGiB: (navigator as { deviceMemory?: number }).deviceMemory ?? null,
    gpu: adapter?.name ?? null,
    softwareGpu: adapter?.software ?? null,
    isolated: globalThis.crossOriginIsolated,
    outcomes,
  };
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(result, null, 2)}\n`], { type: "application/json" }));
  element("a", { href: url, download: `hromada-bench-${result.at.slice(0, 10)}.json` }).click();
  URL.revokeObjectURL(url);
}

draw();
