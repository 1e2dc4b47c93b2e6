/** What a context costs in memory, compute and money, for published models and dated prices. */

import { cacheBytes, cachedByHeads, crossing, dollars, readingOperations } from "./js/context.js";
import { announcement, choice, element, scroller, setTrait, slider, widget } from "./js/dom.js";
import { format } from "./js/numbers.js";
import { inWords } from "./js/parameters.js";
import { linePlot } from "./js/plot.js";

/** @import { Prices, Shape } from "./js/context.js" */
/** @import { Model } from "./js/types.js" */

/**
 * Heads of one width for queries, keys and values.
 * @param {number} layers
 * @param {number} heads
 * @param {number} kvHeads
 * @param {number} headDim
 * @param {number} stored
 * @param {number} table  Parameters of embeddings and head.
 * @returns {Shape}
 */
const shape = (layers, heads, kvHeads, headDim, stored, table) => ({
  layers, heads, cached: cachedByHeads(kvHeads, headDim), scored: 2 * heads * headDim, parameters: stored - table, stored,
});
/** As published. @type {Record<string, Shape>} */
const MODELS = {
  "stories, ours": shape(4, 4, 2, 32, 1_082_496, 196_608),
  "Llama 2 7B": shape(32, 32, 32, 128, 6.738e9, 2 * 32000 * 4096),
  "Llama 3 8B": shape(32, 32, 8, 128, 8.03e9, 2 * 128256 * 4096),
  "Llama 3 70B": shape(80, 64, 8, 128, 70.55e9, 2 * 128256 * 8192),
  // A latent of 512 numbers and a key of 64 for all heads; 37 of 671 billion parameters work on a token.
  "DeepSeek-V3": { layers: 61, heads: 128, cached: 576, scored: 128 * (192 + 128), parameters: 37e9 - 2 * 129280 * 7168, stored: 671e9 },
};
/** Dollars for a million tokens, as the chapter cites them. @type {Record<string, Prices>} */
const PRICES = {
  "Claude Opus 5.5": { input: 4, write: 5, read: 0.2, output: 20 },
  "DeepSeek-V4.1-Flash, off-peak": { input: 0.15, write: 0.15, read: 0.003, output: 0.6 },
};
const SHORTEST = 8;
const LONGEST = 20;
const ANSWER = 500;

export default widget(
  {
    title: "What a context costs",
    tryThis: [
      "Start with Llama 2 7B at 4,096 tokens and double the length until the cache is larger than the weights. Then take Llama 3 8B: what did fewer key-value heads buy?",
      "Find the length at which attention takes half of the operations. For which model does it come first?",
      "Ask one question about a million tokens, then two, then twenty. From how many on does a cached prompt pay?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const results = element("div");
    body.append(element("div", { class: "llm-controls" }, ...fields(model)), said, results);
    for (const trait of ["preset", "power", "batch", "bits", "prices", "questions"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const chosen = MODELS[model.get("preset")];
      const length = 2 ** model.get("power");
      said.textContent = sentence(model, chosen, length);
      const bars = element("div", {}, memory(model, chosen, length), money(model, length));
      results.replaceChildren(element("div", { class: "llm-row" }, bars, element("div", { style: "flex: 1 1 15rem" }, plot(chosen, model.get("power")))));
    }
  },
);

/** @param {Model} model */
function fields(model) {
  const set = (/** @type {string} */ trait) => (/** @type {any} */ value) => setTrait(model, trait, value);
  const named = (/** @type {object} */ table) => Object.keys(table).map((name) => /** @type {[string, string]} */ ([name, name]));
  const bits = [16, 8, 4].map((count) => /** @type {[string, string]} */ ([String(count), `${count} bits`]));
  return [
    choice("Model", named(MODELS), model.get("preset"), set("preset")),
    slider("Tokens", { min: SHORTEST, max: LONGEST, step: 1, value: model.get("power"), format: (power) => (2 ** power).toLocaleString("en") }, set("power")),
    slider("Texts at once", { min: 1, max: 64, step: 1, value: model.get("batch") }, set("batch")),
    choice("Numbers in the cache", bits, String(model.get("bits")), (count) => setTrait(model, "bits", Number(count))),
    choice("Prices", named(PRICES), model.get("prices"), set("prices")),
    slider("Questions about the text", { min: 1, max: 50, step: 1, value: model.get("questions") }, set("questions")),
  ];
}

/**
 * @param {Model} model
 * @param {Shape} chosen
 * @param {number} length
 */
function sentence(model, chosen, length) {
  const bytes = cacheBytes(chosen, length, model.get("batch"), model.get("bits"));
  const { matrices, attention } = readingOperations(chosen, length);
  const share = attention / (attention + matrices);
  const half = Math.round(crossing(chosen)).toLocaleString("en");
  return `The cache takes ${inBytes(bytes)}. Attention takes ${format(100 * share, 1)} % of the operations of reading, and half of them at ${half} tokens.`;
}

/** @param {number} bytes */
function inBytes(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit ? format(bytes, bytes < 10 ? 2 : 1) : bytes} ${units[unit]}`;
}

/**
 * @param {Model} model
 * @param {Shape} chosen
 * @param {number} length
 */
function memory(model, chosen, length) {
  const batch = model.get("batch");
  const bits = model.get("bits");
  const parts = /** @type {[string, number][]} */ ([
    ["weights, 16 bits", 2 * chosen.stored],
    [`cache, ${bits} bits`, cacheBytes(chosen, length, batch, bits)],
    ["one token of it", cacheBytes(chosen, 1, 1, bits)],
  ]);
  const largest = Math.max(...parts.map(([, bytes]) => bytes));
  return bars("Memory", parts.map(([name, bytes]) => [name, bytes / largest, inBytes(bytes)]));
}

/**
 * @param {Model} model
 * @param {number} length
 */
function money(model, length) {
  const questions = model.get("questions");
  const { sentAgain, cached } = dollars(PRICES[model.get("prices")], length, questions, ANSWER);
  const largest = Math.max(sentAgain, cached);
  const written = (/** @type {number} */ sum) => `$ ${format(sum, sum < 0.1 ? 5 : 2)}`;
  const caption = `${questions} answer${questions > 1 ? "s" : ""} of ${inWords(ANSWER)} tokens`;
  return bars(caption, [
    ["sent every time", sentAgain / largest, written(sentAgain)],
    ["kept in the cache", cached / largest, written(cached)],
  ]);
}

/**
 * @param {string} caption
 * @param {[name: string, share: number, text: string][]} parts
 */
function bars(caption, parts) {
  const lines = parts.map(([name, share, text]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", {}, element("span", { class: "llm-bar", style: `--share: ${share.toFixed(4)}` }), text),
    ),
  );
  return scroller(caption, element("table", { class: "llm-bars" }, element("caption", {}, caption), element("tbody", {}, ...lines)));
}

/**
 * @param {Shape} chosen
 * @param {number} power
 */
function plot(chosen, power) {
  const points = Array.from({ length: 4 * (LONGEST - SHORTEST) + 1 }, (_, i) => SHORTEST + i / 4).map((at) => {
    const { matrices, attention } = readingOperations(chosen, 2 ** at);
    return /** @type {[number, number]} */ ([at, attention / (attention + matrices)]);
  });
  return linePlot({
    title: "Attention's share of the operations of reading",
    x: "tokens",
    y: "share",
    series: [{ name: "attention", points }],
    marker: power,
    markerName: (2 ** power).toLocaleString("en"),
    xTick: (at) => (Number.isInteger(at) ? (at < 10 ? String(2 ** at) : at < 20 ? `${2 ** (at - 10)}K` : "1M") : ""),
    yRange: [0, 1],
  });
}
