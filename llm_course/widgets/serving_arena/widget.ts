/** A server in the page: one trace of requests, batched, paged and drafted as the reader likes. */

import { moveByArrows } from "../ui/arrows.ts";
import { memory } from "../ui/before.ts";
import { announcement, columns, element, scroller, svg, traitCheckbox, traitChoice, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { format } from "../models/numbers.ts";
import { fitted, sample, ticks } from "../ui/plot.ts";
import { figures, simulate, type Request, type Run, type Server } from "./serving.ts";
import type { Model } from "../ui/types.ts";

/** What the folded settings are at first. */
const FOLDED: Record<string, number | boolean> = { memory: 2, block_size: 16, chunk: 0, sharing: false, drafted: 0, acceptance: 0.7 };
const TRAITS = ["batching", "load", "slots", ...Object.keys(FOLDED)];
const TOKENS_PER_GIB = 8192;
const DRAFT_SHARE = 0.1;
/** Pixels: of a request's row, at the sides of the charts, of the chart of memory. */
const ROW = 6;
const EDGE = { left: 40, right: 8 };
const MEMORY = { top: 2, height: 42 };

export default widget(
  {
    title: "Serving arena: Llama 3 8B on one H100, simulated",
    tryThis: [
      "Switch between static and continuous batches. Which requests wait, and for whom?",
      { say: "One slot only. Raise the slots to 24: what happens to the tokens per second of all, and to the time per token of each?", set: { slots: 1 } },
      {
        say: "Here are 1 GiB of memory and 24 slots: point at a request that was sent back. Then share the prefixes: why are more sent back, and all done earlier?",
        set: { memory: 1, slots: 24, sharing: false, batching: "continuous" },
      },
      "Find the longest pause, and make it short with a chunk, under “More settings”. Does the first token come later, where requests wait for a slot anyway?",
    ],
  },
  (model, body) => {
    const said = announcement("llm-served");
    const told = element("p", { class: "llm-note llm-request-told" });
    const shared = element("p", { class: "llm-note llm-of-sharing" });
    const results = element("div");
    body.append(columns([element("div", { class: "llm-controls llm-dense" }, ...fields(model), moreFields(model)), said], [element("div", { class: "llm-told-within" }, told, results), shared]));
    const remember = memory() as (now: Run) => Run | undefined;
    let picked = -1;
    for (const trait of TRAITS) model.on(`change:${trait}`, show);
    show();

    function show() {
      const { yours, plain, apart } = runs(model);
      const deadlines = [model.get("ttft_deadline"), model.get("tpot_deadline")] as [number, number];
      const former = remember(yours);
      const of = (run: Run) => figures(run, ...deadlines);
      const [found, foundBefore] = [of(yours), former && of(former)];
      said.textContent = sentence(yours, found);
      const pick = (request: number) => {
        picked = request;
        told.textContent = picked < 0 ? "Point at a row, or press it, to read about its request." : about(yours, picked);
      };
      pick(picked);
      results.replaceChildren(schedule(yours, plain, picked, pick), table(plain.server, of(plain), found, foundBefore, deadlines));
      shared.textContent = apart ? sharingSaid(yours, apart, found, of(apart)) : otherSaid(plain.server, of(plain));
    }
  },
);

function fields(model: Model) {
  return [
    traitChoice(model, "batching", "Batch", [["continuous", "continuous"], ["static", "static"]]),
    traitSlider(model, "load", "Load", { min: 0.25, max: 4, step: 0.25, format: (times) => `× ${format(times)}` }),
    traitSlider(model, "slots", "Slots", { min: 1, max: 24, step: 1 }),
  ];
}

/** Folded, unless one of them was set: by what to try, by a page's address, or by a kernel. */
function moreFields(model: Model) {
  const named = (values: number[], unit: string) => values.map((value) => [value, `${value} ${unit}`] as [number, string]);
  const controls = [
    traitChoice(model, "memory", "Memory for the cache", named([1, 2, 4, 8], "GiB")),
    traitChoice(model, "block_size", "Block", [[1, "1 token"], ...named([16, 64, 256], "tokens")]),
    traitChoice(model, "chunk", "Chunk", [[0, "whole prompts"], ...named([1024, 512, 256], "tokens")]),
    traitCheckbox(model, "sharing", "Share prefixes"),
    traitSlider(model, "drafted", "Drafted tokens", { min: 0, max: 8, step: 1 }),
    traitSlider(model, "acceptance", "Accepted", { min: 0, max: 1, step: 0.05, format: (share) => `${Math.round(100 * share)} %` }),
  ];
  const open = Object.entries(FOLDED).some(([trait, value]) => model.get(trait) !== value);
  return element("details", { class: "llm-grow", open }, element("summary", {}, "More settings"), element("div", { class: "llm-controls llm-dense llm-two-abreast" }, ...controls));
}

/**
 * The trace as the reader's server runs it, as a plain one of the other kind with as many slots does, and as the reader's
 * does without sharing, where it shares.
 */
function runs(model: Model) {
  const load = model.get("load");
  const trace: Request[] = model.get("trace").map((request: Request) => ({ ...request, arrival: request.arrival / load }));
  const block_size = model.get("block_size");
  const common = {
    slots: model.get("slots"), block_size, machine: model.get("machine"), draft_share: DRAFT_SHARE, acceptance: model.get("acceptance"),
    blocks: Math.floor((model.get("memory") * TOKENS_PER_GIB) / block_size),
  };
  const continuous = model.get("batching") === "continuous";
  const chosen = { ...common, continuous, chunk: model.get("chunk"), sharing: model.get("sharing"), drafted: model.get("drafted") };
  const plain = simulate(trace, { ...common, continuous: !continuous, chunk: 0, sharing: false, drafted: 0 });
  const apart = chosen.sharing && continuous ? simulate(trace, { ...chosen, sharing: false }) : undefined;
  return { plain, yours: simulate(trace, chosen), apart };
}

type Figures = ReturnType<typeof figures>;

function sentence({ outcomes, steps }: Run, found: Figures) {
  const back = outcomes.filter(({ preempted }) => preempted).length;
  const times = found.preemptions === back ? "" : `, ${found.preemptions} times in all,`;
  return (
    `${outcomes.length} requests in ${format(found.seconds, 1)} s, ${steps.length.toLocaleString("en")} passes: ` +
    `${Math.round(found.throughput).toLocaleString("en")} tokens/s, ${Math.round(100 * found.in_time)}\u00a0% in time, ` +
    `${back ? `${back} sent back${times} for lack of memory` : "none sent back"}.`
  );
}

/** When the plain batch is done, and what its free slots do. */
function otherSaid({ continuous }: Server, { seconds }: Figures) {
  const slots = continuous ? "a free slot takes the next request at once" : "a free slot stays empty until its whole batch has answered";
  return `A plain ${continuous ? "continuous" : "static"} batch takes ${format(seconds, 1)} s: ${slots}.`;
}

/** What sharing saves; and, where more requests are sent back than without it, why. */
function sharingSaid(shared: Run, apart: Run, found: Figures, foundApart: Figures) {
  const saved = `${Math.round(100 * found.hits)}\u00a0% of prompt tokens were in the cache.`;
  const [most, mostApart] = [shared, apart].map(({ steps }) => Math.max(...steps.map(({ reading, writing }) => reading.length + writing.length)));
  if (found.preemptions <= foundApart.preemptions || most <= mostApart) return saved;
  return `${saved} So up to ${most} requests run at a time, not ${mostApart}, and memory runs out more often as they write: without sharing ${foundApart.preemptions} times, and all done in ${format(foundApart.seconds, 1)} s.`;
}

function about({ outcomes }: Run, index: number) {
  const { arrival, started, first, finish, preempted } = outcomes[index];
  const seconds = (time: number) => `${format(time / 1000, 2)} s`;
  const back = preempted ? `; sent back ${preempted === 1 ? "once" : `${preempted} times`}` : "";
  return `Request ${index + 1}: came at ${seconds(arrival)}, waited ${seconds(started - arrival)}, started at ${seconds(started)}, first token at ${seconds(first)}, ended at ${seconds(finish)}${back}.`;
}

/** Stretches of passes in which a request does the same. */
function stretches({ steps, outcomes }: Run) {
  const rows: { kind: string, start: number, end: number, last: number }[][] = outcomes.map(() => []);
  steps.forEach((step, number) => {
    for (const kind of ["reading", "writing"] as const) {
      for (const index of step[kind]) {
        const row = rows[index];
        const before = row.at(-1);
        if (before && before.kind === kind && before.last === number - 1) Object.assign(before, { end: step.end, last: number });
        else row.push({ kind, start: step.start, end: step.end, last: number });
      }
    }
  });
  return rows;
}

/**
 * Who waits, reads and writes, and below it, over the same seconds, the memory of the cache.
 * @param plain  Its end is marked, on the same seconds.
 */
function schedule(run: Run, plain: Run, picked: number, pick: (request: number) => void) {
  const title = `${run.outcomes.length} requests, a row each, in the order of arrival: waiting, reading the prompt, writing the answer; below, the memory of the cache`;
  const parts = stretches(run);
  const endOf = ({ outcomes }: Run) => Math.max(...outcomes.map(({ finish }) => finish));
  const endOfPlain = endOf(plain);
  const last = Math.max(endOf(run), endOfPlain);
  const draw = (width: number) => {
    const toX = (time: number) => EDGE.left + (time / last) * (width - EDGE.left - EDGE.right);
    const floor = ROW * run.outcomes.length;
    const top = floor + 20 + MEMORY.top;
    const bottom = top + MEMORY.height;
    const seconds = ticks(0, last / 1000, 6).map((time) => 1000 * time);
    const isLate = toX(endOfPlain) > width / 2;
    const rows = parts.map((row, index) => rowOf(run, row, index, toX));
    if (rows[picked]) rows[picked].classList.add("llm-picked");
    rows[Math.max(0, picked)].tabIndex = 0;
    const choose = (event: Event) => {
      const chosen = rows.findIndex((row) => row.contains(event.target as Node));
      if (chosen < 0) return;
      rows.forEach((row, index) => row.classList.toggle("llm-picked", index === chosen));
      pick(chosen);
    };
    return svg(
      "svg",
      {
        viewBox: `0 0 ${width} ${bottom + 2}`, role: "group", "aria-label": `${title}. Arrows move between the rows.`,
        onpointerover: choose, onclick: choose, onfocusin: choose, onkeydown: (event: KeyboardEvent) => moveByArrows(event, rows),
      },
      ...seconds.map((time) => svg("path", { class: "llm-grid", d: `M${toX(time)} 0V${bottom}` })),
      ...rows,
      ...seconds.map((time, i) => svg("text", { class: "llm-tick", x: toX(time), y: floor + 15, "text-anchor": i && toX(time) > width - 30 ? "end" : "middle" }, `${Number((time / 1000).toFixed(2))} s`)),
      svg("line", { class: "llm-marker", x1: toX(endOfPlain), x2: toX(endOfPlain), y1: 0, y2: floor }),
      svg("text", { x: toX(endOfPlain) + (isLate ? -5 : 5), y: 12, "text-anchor": isLate ? "end" : "start" }, `${plain.server.continuous ? "continuous" : "static"}: all done`),
      ...memoryOf(run, toX, top, bottom),
      svg("text", { class: "llm-tick", x: EDGE.left - 4, y: top + 9, "text-anchor": "end" }, "100 %"),
      svg("text", { class: "llm-tick", x: EDGE.left - 4, y: bottom, "text-anchor": "end" }, "0"),
    );
  };
  return element("figure", { class: "llm-plot llm-schedule" }, ...legends(run.steps.some(({ kept }) => kept)), fitted(draw));
}

function rowOf(run: Run, row: ReturnType<typeof stretches>[number], index: number, toX: (time: number) => number) {
  const { arrival, finish, preempted } = run.outcomes[index];
  const y = index * ROW;
  const wait = svg("line", { class: "llm-axis", x1: toX(arrival), x2: toX(finish), y1: y + ROW / 2, y2: y + ROW / 2 });
  const parts = row.map(({ kind, start, end }) =>
    svg("rect", { class: kind === "reading" ? "llm-reading" : "llm-writing", x: toX(start), y: kind === "reading" ? y - 0.5 : y + 0.5, width: Math.max(0.8, toX(end) - toX(start)), height: kind === "reading" ? ROW + 1 : ROW - 1 }),
  );
  const back = preempted ? row.filter(({ kind }, i) => i > 0 && kind === "reading").slice(-preempted) : [];
  const signs = back.map(({ start }) => svg("path", { class: "llm-sent-back", d: signAt(toX(row[row.findIndex((one) => one.start === start) - 1].end), y + ROW / 2) }));
  const field = svg("rect", { class: "llm-field-of", x: EDGE.left, y, width: "100%", height: ROW });
  return svg("g", { class: "llm-request", role: "img", tabindex: -1, "aria-label": about(run, index) }, field, wait, ...parts, ...signs) as SVGElement;
}

/** A triangle that points back, higher than its row. */
function signAt(x: number, y: number) {
  return `M${x.toFixed(1)} ${y}l9 -4.5v9Z`;
}

/** Three steps on one another: blocks kept for sharing, blocks in use, and what of them holds a token. */
function memoryOf({ server, steps }: Run, toX: (time: number) => number, top: number, bottom: number) {
  const toY = (tokens: number) => bottom - Math.min(1, tokens / (server.blocks * server.block_size)) * (bottom - top);
  const area = (kind: string, of: (step: Run["steps"][number]) => number) => {
    const path = steps.map((step) => `H${toX(step.start).toFixed(1)}V${toY(of(step)).toFixed(1)}H${toX(step.end).toFixed(1)}`);
    return svg("path", { class: kind, d: `M${toX(steps[0]?.start ?? 0)} ${bottom}${path.join("")}V${bottom}Z` });
  };
  return [
    svg("rect", { class: "llm-memory", x: toX(0), y: top, width: toX(steps.at(-1)?.end ?? 0) - toX(0), height: bottom - top }),
    ...(server.sharing ? [area("llm-kept", ({ used, kept }) => (used + kept) * server.block_size)] : []),
    area("llm-used", ({ used }) => used * server.block_size),
    area("llm-cached", ({ filled }) => filled),
  ];
}

/**
 * What the marks mean, those of the requests and those of memory. The last keeps its place where nothing is kept: the
 * charts below do not move.
 */
function legends(keeps: boolean) {
  const box = (kind: string, height = 8) => svg("rect", { class: kind, x: 0, y: 5 - height / 2, width: 26, height });
  const requests = element(
    "p",
    { class: "llm-legend" },
    sample("waits", svg("line", { class: "llm-axis", x1: 0, x2: 26, y1: 5, y2: 5 })),
    sample("reads", box("llm-reading")),
    sample("writes", box("llm-writing", 4)),
    sample("sent back", svg("path", { class: "llm-sent-back", d: signAt(8, 5) })),
  );
  const cache = element(
    "p",
    { class: "llm-legend" },
    element("b", {}, "Cache, below"),
    sample("filled", box("llm-cached")),
    sample("taken, empty", box("llm-used")),
    element("span", { style: keeps ? undefined : "visibility: hidden" }, sample("kept", box("llm-kept"))),
  );
  return [requests, cache];
}

/** @param server  The plain one. */
function table(server: Server, plain: Figures, yours: Figures, former: Figures | undefined, [ttft, tpot]: [number, number]) {
  const kind = server.continuous ? "continuous" : "static";
  const milliseconds = (value: number) => (value < 100 ? `${format(value, 1)} ms` : `${Math.round(value).toLocaleString("en")} ms`);
  const percent = (value: number) => `${Math.round(100 * value)} %`;
  const whole = (value: number) => Math.round(value).toLocaleString("en");
  const rows: [string, keyof Figures, (value: number) => string][] = [
    ["first token, median", "ttft", milliseconds],
    ["per token, median", "tpot", milliseconds],
    ["longest pause", "pause", milliseconds],
    ["tokens per second", "throughput", whole],
    [`requests/s in time*`, "goodput", (value) => format(value, 1)],
  ];
  const more: typeof rows = [["first token, 95 %", "ttft_95", milliseconds], ["cache in use but empty", "waste", percent], ["prompt found in cache", "hits", percent]];
  const line = ([name, key, written]: (typeof rows)[number]) => {
    const [was, is] = [former && written(former[key]), written(yours[key])];
    const trace = was === undefined || was === is ? null : element("span", { class: "llm-note" }, ` before: ${was}`);
    return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, written(plain[key])), element("td", {}, element("b", {}, is), trace));
  };
  const head = element("tr", {}, element("td"), element("th", { scope: "col" }, kind), element("th", { scope: "col" }, "yours"));
  const caption = "A plain batch, and yours";
  const note = element("p", { class: "llm-note" }, `* the first token within ${ttft} ms, others ${tpot} ms on average`);
  const folded = element("details", {}, element("summary", {}, "More figures"), element("table", { class: "llm-dense-rows" }, element("thead", {}, head.cloneNode(true)), element("tbody", {}, ...more.map(line))));
  const shown = element("table", { class: "llm-dense-rows llm-figures-of-both" }, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...rows.map(line)));
  return scroller(caption, shown, element("div", { class: "llm-below-figures" }, folded, note));
}
