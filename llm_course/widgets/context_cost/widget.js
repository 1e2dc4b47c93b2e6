/** What a context costs in memory, compute and money, for published models and dated prices. */

import { cacheBytes, cachedByHeads, crossing, dollars, readingOperations } from "./context.js";
import { memory } from "../ui/before.js";
import { announcement, choice, columns, element, setTrait, svg, traitSlider } from "../ui/dom.js";
import { widget } from "../ui/frame.js";
import { keyFigures } from "../ui/key_figures.js";
import { format } from "../models/numbers.js";
import { inWords } from "../models/parameters.js";
import { fitted, linePlot } from "../ui/plot.js";
import { captionedTable, tableRow } from "../ui/table.js";
import { onScale, percent } from "../ui/token_bars.js";

/** @import { Prices, Shape } from "./context.js" */
/** @import { Model } from "../ui/types.js" */

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
/** The longest text that each accepts, in tokens, as published. @type {Record<string, number>} */
const WINDOWS = { "stories, ours": 256, "Llama 2 7B": 4096, "Llama 3 8B": 131072, "Llama 3 70B": 131072, "DeepSeek-V3": 131072 };
/** Dollars for a million tokens, as the chapter cites them. @type {Record<string, Prices>} */
const PRICES = {
  "Claude Opus 5.5": { input: 4, write: 5, read: 0.2, output: 20 },
  "DeepSeek-V4.1-Flash, off-peak": { input: 0.15, write: 0.15, read: 0.003, output: 0.6 },
};
/** Memory of an H100, in bytes. */
const GPU_BYTES = 80e9;
const SHORTEST = 8;
const LONGEST = 20;
const ANSWER = 500;

export default widget(
  {
    title: "What a context costs",
    tryThis: [
      "Choose Llama 2 7B and one text, and double the tokens until the cache is larger than the weights. Then choose Llama 3 8B: what did fewer key-value heads buy?",
      "Choose one model after the other and look for the dot at a half: from which length on does attention take most of the operations? For which model is that first?",
      "In the price part, set the tokens above to 1,048,576, and ask one question, then two, then twenty. From how many on does a cached prompt pay?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const window = element("p", { class: "llm-note" });
    const [ofReading, ofPrice] = [element("div"), element("div")];
    body.append(
      part("Memory and operations", [element("div", { class: "llm-controls" }, ...readingFields(model, window)), said], ofReading),
      part("Price", [element("div", { class: "llm-controls" }, ...priceFields(model))], ofPrice),
    );
    const remember = /** @type {(now: Cost) => Cost | undefined} */ (memory());
    for (const trait of ["preset", "power", "batch", "bits", "prices", "questions"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const now = costOf(model);
      const before = remember(now);
      said.textContent = sentence(now);
      window.replaceChildren(ofWindow(model.get("preset"), now.length));
      ofReading.replaceChildren(keyFigures(figures(now), now, before, true), gpusFilled(now), plot(now, before));
      ofPrice.replaceChildren(money(now));
    }
  },
);

/**
 * What belongs together: a heading, controls, and what they cause.
 * @param {string} heading
 * @param {Node[]} side
 * @param {Node} stage
 */
function part(heading, side, stage) {
  return element("section", { class: "llm-part", "aria-label": heading }, element("p", { class: "llm-part-name" }, heading), columns(side, [stage]));
}

/**
 * @param {Model} model
 * @param {Node} window  What is told about the length.
 */
function readingFields(model, window) {
  const bits = [16, 8, 4].map((count) => /** @type {[string, string]} */ ([String(count), `${count} bits`]));
  return [
    choice("Model", named(MODELS), model.get("preset"), (name) => setTrait(model, "preset", name)),
    traitSlider(model, "power", "Tokens", { min: SHORTEST, max: LONGEST, step: 1, format: (power) => (2 ** power).toLocaleString("en") }),
    window,
    traitSlider(model, "batch", "Texts at once", { min: 1, max: 64, step: 1 }),
    choice("Numbers in the cache", bits, String(model.get("bits")), (count) => setTrait(model, "bits", Number(count))),
  ];
}

/** @param {Model} model */
function priceFields(model) {
  return [
    choice("Prices", Object.keys(PRICES).map((name) => [name, ofVendor(name)[0]]), model.get("prices"), (name) => setTrait(model, "prices", name)),
    traitSlider(model, "questions", "Questions about the text", { min: 1, max: 50, step: 1 }),
  ];
}

/** @param {object} table */
function named(table) {
  return Object.keys(table).map((name) => /** @type {[string, string]} */ ([name, name]));
}

/** A vendor's model, and when its price holds. @param {string} name */
function ofVendor(name) {
  return name.split(", ");
}

/** @param {Model} model */
function costOf(model) {
  const chosen = MODELS[model.get("preset")];
  const [power, batch, bits, questions] = ["power", "batch", "bits", "questions"].map((trait) => model.get(trait));
  const length = 2 ** power;
  return {
    chosen, power, length, bits, questions,
    prices: PRICES[model.get("prices")],
    when: ofVendor(model.get("prices"))[1],
    weights: 2 * chosen.stored,
    cache: cacheBytes(chosen, length, batch, bits),
    oneToken: cacheBytes(chosen, 1, 1, bits),
  };
}

/** @typedef {ReturnType<typeof costOf>} Cost */

/** @param {Cost} cost */
function sentence({ chosen, length, weights, cache }) {
  const { matrices, attention } = readingOperations(chosen, length);
  const share = attention / (attention + matrices);
  const half = Math.round(crossing(chosen)).toLocaleString("en");
  const needed = Math.ceil((weights + cache) / GPU_BYTES);
  const room = needed === 1 ? "with the weights it fits into one GPU of 74.5 GiB" : `with the weights, that is the memory of ${needed.toLocaleString("en")} GPUs of 74.5 GiB`;
  return `The cache takes ${inBytes(cache)}; ${room}. Attention takes ${percent(share)} of the operations of reading, and half of them at ${half} tokens.`;
}

/**
 * The model's window, in bold where the length is beyond it.
 * @param {string} name
 * @param {number} length
 */
function ofWindow(name, length) {
  const most = WINDOWS[name].toLocaleString("en");
  return length > WINDOWS[name] ? element("b", {}, `Beyond its window of ${most}`) : `Its window: ${most} tokens`;
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
 * @param {Cost} now
 * @returns {[name: string, of: (cost: Cost) => string][]}
 */
function figures({ bits }) {
  return [
    ["weights, 16 bits", ({ weights }) => inBytes(weights)],
    [`cache, ${bits} bits`, ({ cache }) => inBytes(cache)],
    ["one token of it", ({ oneToken }) => inBytes(oneToken)],
  ];
}

/** A GPU as a box; where there are many, they stand without gaps, and at last without their walls. */
const BOX = { wide: 44, thin: 4, height: 38, gap: 6 };
/** What is there at all can be seen. */
const SLIVER = 3;

/**
 * Weights, then the cache, poured into one GPU after the other.
 * @param {Cost} cost
 */
function gpusFilled({ weights, cache }) {
  const needed = Math.ceil((weights + cache) / GPU_BYTES);
  const title = `Memory: weights (blue), then cache (green), in ${needed.toLocaleString("en")} H100 GPU${needed > 1 ? "s" : ""} of 74.5 GiB`;
  const draw = (/** @type {number} */ width) => {
    const gap = (width - 2 + BOX.gap) / needed - BOX.gap >= BOX.wide ? BOX.gap : 0;
    const own = (width - 2 + gap) / needed - gap;
    const least = gap === 0 ? 0 : SLIVER;
    const walled = own >= BOX.thin ? needed : 1;
    const size = walled === 1 ? width - 2 : own;
    const share = walled === 1 ? needed * GPU_BYTES : GPU_BYTES;
    const boxes = Array.from({ length: walled }, (_, i) => {
      const x = 1 + i * (size + gap);
      const within = (/** @type {number} */ bytes) => {
        const filled = Math.min(1, bytes / share - i);
        return filled > 0 ? Math.max(least, filled * size) : 0;
      };
      const [ofWeights, full] = [within(weights), within(weights + cache)];
      return svg(
        "g",
        {},
        svg("rect", { class: "llm-bar-within", x, y: 1, width: ofWeights, height: BOX.height }),
        svg("rect", { class: "llm-cached", x: x + ofWeights, y: 1, width: Math.max(0, full - ofWeights), height: BOX.height }),
        svg("rect", { class: "llm-gpu", x, y: 1, width: size, height: BOX.height, rx: gap && 3 }),
      );
    });
    return svg("svg", { viewBox: `0 0 ${width} ${BOX.height + 2}`, role: "img", "aria-label": title }, ...boxes);
  };
  return element("figure", { class: "llm-plot" }, element("figcaption", {}, title), fitted(draw));
}

/** @param {Cost} cost */
function money({ prices, when, length, questions }) {
  const { sentAgain, cached } = dollars(prices, length, questions, ANSWER);
  const largest = Math.max(sentAgain, cached);
  const written = (/** @type {number} */ sum) => `$ ${format(sum, sum < 0.1 ? 5 : 2)}`;
  const caption = `${questions} answer${questions > 1 ? "s" : ""} of ${inWords(ANSWER)} tokens, about a text of ${length.toLocaleString("en")}; ${when ? `${when}, ` : ""}as of November 2026`;
  const bar = (/** @type {string} */ name, /** @type {number} */ sum) => tableRow(name, [onScale(sum / largest, written(sum))]);
  return captionedTable(caption, [], [bar("sent every time", sentAgain), bar("kept in the cache", cached)], "llm-bars llm-token-bars");
}

/**
 * @param {Cost} now
 * @param {Cost | undefined} before
 */
function plot({ chosen, power, length }, before) {
  const share = (/** @type {Shape} */ of, /** @type {number} */ at) => {
    const { matrices, attention } = readingOperations(of, 2 ** at);
    return attention / (attention + matrices);
  };
  const curve = (/** @type {Shape} */ of) =>
    Array.from({ length: 4 * (LONGEST - SHORTEST) + 1 }, (_, i) => SHORTEST + i / 4).map((at) => /** @type {[number, number]} */ ([at, share(of, at)]));
  const half = crossing(chosen);
  return linePlot({
    title: `Attention's share of the operations${before && before.chosen !== chosen ? " (pale: before)" : ""}`,
    x: "tokens",
    y: "share",
    series: [{ name: "attention", points: curve(chosen), before: before && curve(before.chosen) }],
    dots: [{ at: [power, share(chosen, power)], name: length.toLocaleString("en"), look: 3 }, ...(half <= 2 ** LONGEST ? [{ at: /** @type {[number, number]} */ ([Math.log2(half), 0.5]), name: `half at ${Math.round(half).toLocaleString("en")}` }] : [])],
    xTicks: [8, 10, 12, 14, 16, 18, 20],
    xTick: (at) => (at < 10 ? String(2 ** at) : at < 20 ? `${2 ** (at - 10)}K` : "1M"),
    yRange: [0, 1],
    height: 150,
    tracesAreNamed: true,
  });
}
