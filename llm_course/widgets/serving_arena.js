/** A server in the page: one trace of requests, batched, paged and drafted as the reader likes. */

import { announcement, choice, element, scroller, setTrait, slider, svg, traitCheckbox, widget } from "./js/dom.js";
import { format } from "./js/numbers.js";
import { linePlot, sample } from "./js/plot.js";
import { figures, simulate } from "./js/serving.js";

/** @import { Request, Run, Server } from "./js/serving.js" */
/** @import { Model } from "./js/types.js" */

const TRAITS = ["batching", "load", "slots", "memory", "block_size", "chunk", "sharing", "drafted", "acceptance"];
const TOKENS_PER_GIB = 8192;
const DRAFT_SHARE = 0.1;
const WIDTH = 640;
const LEFT = 4;
const ROW = 7;
const POINTS = 160;

export default widget(
  {
    title: "Serving arena: Llama 3 8B on one H100, simulated",
    tryThis: [
      "Switch between static and continuous batches. Which requests wait, and for whom?",
      "Raise the slots from 1 to 24. What happens to the tokens per second of all, and to the time per token of each?",
      "Take 1 GiB of memory and 24 slots, and find a request that was sent back. Then share the prefixes.",
      "Find the longest pause, and make it short with a chunk. What does that cost?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const results = element("div");
    body.append(element("div", { class: "llm-controls" }, ...fields(model)), said, results);
    for (const trait of TRAITS) model.on(`change:${trait}`, show);
    show();

    function show() {
      const { yours, plain } = runs(model);
      const deadlines = /** @type {[number, number]} */ ([model.get("ttft_deadline"), model.get("tpot_deadline")]);
      said.textContent = sentence(yours, figures(yours, ...deadlines));
      results.replaceChildren(
        timeline(yours),
        legend(),
        element(
          "div",
          { class: "llm-row" },
          element("div", {}, table(figures(plain, ...deadlines), figures(yours, ...deadlines), deadlines)),
          element("div", { style: "flex: 1 1 15rem" }, memory(yours)),
        ),
      );
    }
  },
);

/** @param {Model} model */
function fields(model) {
  const set = (/** @type {string} */ trait) => (/** @type {any} */ value) => setTrait(model, trait, value);
  const pick = (/** @type {string} */ label, /** @type {string} */ trait, /** @type {[string, string][]} */ options) =>
    choice(label, options, String(model.get(trait)), (value) => set(trait)(Number(value)));
  const named = (/** @type {number[]} */ values, /** @type {string} */ unit) => values.map((value) => /** @type {[string, string]} */ ([String(value), `${value} ${unit}`]));
  return [
    choice("Batch", [["continuous", "continuous"], ["static", "static"]], model.get("batching"), set("batching")),
    slider("Load", { min: 0.25, max: 4, step: 0.25, value: model.get("load"), format: (times) => `× ${format(times)}` }, set("load")),
    slider("Slots", { min: 1, max: 24, step: 1, value: model.get("slots") }, set("slots")),
    pick("Memory for the cache", "memory", named([1, 2, 4, 8], "GiB")),
    pick("Block", "block_size", named([1, 16, 64, 256], "tokens").map(([value, text]) => [value, value === "1" ? "1 token" : text])),
    pick("Chunk", "chunk", [["0", "whole prompts"], ...named([1024, 512, 256], "tokens")]),
    traitCheckbox(model, "sharing", "Share prefixes"),
    slider("Drafted tokens", { min: 0, max: 8, step: 1, value: model.get("drafted") }, set("drafted")),
    slider("Accepted", { min: 0, max: 1, step: 0.05, value: model.get("acceptance"), format: (share) => `${Math.round(100 * share)} %` }, set("acceptance")),
  ];
}

/** The trace as the reader's server runs it, and as a static batch of as many slots does. @param {Model} model */
function runs(model) {
  const load = model.get("load");
  /** @type {Request[]} */
  const trace = model.get("trace").map((/** @type {Request} */ request) => ({ ...request, arrival: request.arrival / load }));
  const block_size = model.get("block_size");
  const common = {
    slots: model.get("slots"), block_size, machine: model.get("machine"), draft_share: DRAFT_SHARE, acceptance: model.get("acceptance"),
    blocks: Math.floor((model.get("memory") * TOKENS_PER_GIB) / block_size),
  };
  const plain = simulate(trace, { ...common, continuous: false, chunk: 0, sharing: false, drafted: 0 });
  const yours = simulate(trace, {
    ...common, continuous: model.get("batching") === "continuous", chunk: model.get("chunk"), sharing: model.get("sharing"), drafted: model.get("drafted"),
  });
  return { plain, yours };
}

/** @typedef {ReturnType<typeof figures>} Figures */

/**
 * @param {Run} run
 * @param {Figures} found
 */
function sentence({ outcomes, steps }, found) {
  const back = outcomes.filter(({ preempted }) => preempted).length;
  const times = found.preemptions === back ? "" : `, ${found.preemptions} times in all,`;
  return (
    `${outcomes.length} requests in ${format(found.seconds, 1)} s and ${steps.length.toLocaleString("en")} passes: ` +
    `${Math.round(found.throughput).toLocaleString("en")} tokens/s, ${Math.round(100 * found.in_time)} % of the requests in time, ` +
    `${back ? `${back} sent back${times} for lack of memory` : "none sent back"}.`
  );
}

/** Stretches of passes in which a request does the same. @param {Run} run */
function stretches({ steps, outcomes }) {
  /** @type {{ kind: string, start: number, end: number, last: number }[][]} */
  const rows = outcomes.map(() => []);
  steps.forEach((step, number) => {
    for (const kind of /** @type {const} */ (["reading", "writing"])) {
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

/** @param {Run} run */
function timeline(run) {
  const last = Math.max(...run.outcomes.map(({ finish }) => finish));
  const toX = (/** @type {number} */ time) => LEFT + (time / last) * (WIDTH - LEFT - 4);
  const height = ROW * run.outcomes.length;
  const bars = stretches(run).flatMap((row, index) => {
    const { arrival, finish } = run.outcomes[index];
    const y = index * ROW;
    const wait = svg("line", { class: "llm-axis", x1: toX(arrival), x2: toX(finish), y1: y + 3, y2: y + 3 });
    const parts = row.map(({ kind, start, end }) =>
      svg("rect", { class: kind === "reading" ? "llm-reading" : "llm-writing", x: toX(start), y: y + 0.5, width: Math.max(0.8, toX(end) - toX(start)), height: kind === "reading" ? 6 : 4 }),
    );
    return [wait, ...parts];
  });
  const seconds = Array.from({ length: 5 }, (_, i) => (i * last) / 4);
  const ticks = seconds.map((time, i) => svg("text", { x: toX(time), y: height + 14, "text-anchor": i === 0 ? "start" : i === 4 ? "end" : "middle" }, `${format(time / 1000, 1)} s`));
  const title = `${run.outcomes.length} requests, a row each, in the order of arrival: waiting, reading the prompt, writing the answer`;
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${height + 18}`, role: "img", "aria-label": title, style: "min-width: 28rem" }, ...bars, ...ticks);
  return scroller(title, element("figure", { class: "llm-plot llm-schedule" }, element("figcaption", {}, "Who waits, reads, writes"), drawing));
}

function legend() {
  return element(
    "p",
    { class: "llm-legend" },
    sample("waits", svg("line", { class: "llm-axis", x1: 0, x2: 26, y1: 5, y2: 5 })),
    sample("prompt is read (tall)", svg("rect", { class: "llm-reading", x: 0, y: 1, width: 26, height: 8 })),
    sample("answer is written (flat)", svg("rect", { class: "llm-writing", x: 0, y: 3, width: 26, height: 4 })),
  );
}

/**
 * @param {Figures} plain
 * @param {Figures} yours
 * @param {[number, number]} deadlines
 */
function table(plain, yours, [ttft, tpot]) {
  const milliseconds = (/** @type {number} */ value) => (value < 100 ? `${format(value, 1)} ms` : `${Math.round(value).toLocaleString("en")} ms`);
  const percent = (/** @type {number} */ value) => `${Math.round(100 * value)} %`;
  const whole = (/** @type {number} */ value) => Math.round(value).toLocaleString("en");
  /** @type {[string, keyof Figures, (value: number) => string][]} */
  const rows = [
    ["first token, median", "ttft", milliseconds],
    ["first token, 95 %", "ttft_95", milliseconds],
    ["per token, median", "tpot", milliseconds],
    ["longest pause", "pause", milliseconds],
    ["tokens per second", "throughput", whole],
    [`requests/s in time*`, "goodput", (value) => format(value, 1)],
    ["cache in use but empty", "waste", percent],
    ["prompt found in cache", "hits", percent],
    ["times sent back", "preemptions", whole],
  ];
  const lines = rows.map(([name, key, written]) =>
    element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, written(plain[key])), element("td", {}, written(yours[key]))),
  );
  const head = element("tr", {}, element("td"), element("th", { scope: "col" }, "static"), element("th", { scope: "col" }, "yours"));
  const caption = "A plain static batch, and yours";
  return element(
    "div",
    {},
    scroller(caption, element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...lines))),
    element("p", { class: "llm-note" }, `* first token within ${ttft} ms, then at most ${tpot} ms per token`),
  );
}

/** @param {Run} run */
function memory({ server, steps }) {
  const every = Math.max(1, Math.ceil(steps.length / POINTS));
  const share = (/** @type {number} */ tokens) => (100 * tokens) / (server.blocks * server.block_size);
  const line = (/** @type {(step: Run["steps"][number]) => number} */ of) =>
    steps.filter((_, i) => i % every === 0).map((step) => /** @type {[number, number]} */ ([step.start / 1000, share(of(step))]));
  return linePlot({
    title: "Memory of the cache",
    x: "seconds",
    y: "%",
    series: [
      { name: "in use", points: line(({ used }) => used * server.block_size) },
      { name: "holds a token", points: line(({ filled }) => filled) },
      ...(server.sharing ? [{ name: "in use or kept for sharing", points: line(({ used, kept }) => (used + kept) * server.block_size) }] : []),
    ],
    yRange: [0, 100],
  });
}
