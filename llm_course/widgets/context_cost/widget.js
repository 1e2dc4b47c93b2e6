/** What a context costs in memory, compute and money, for published models and dated prices. */

import { cacheBytes, cachedByHeads, crossing, dollars, readingOperations } from "./context.js";
import { memory } from "../ui/before.js";
import { announcement, choice, columns, element, setTrait, svg, traitSlider } from "../ui/dom.js";
import { widget } from "../ui/frame.js";
import { widthOf } from "../ui/labels.js";
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
/** Memory of the accelerator that the bars are held against, in bytes. */
const GPU = { name: "one H100: 74.5 GiB (80 GB)", bytes: 80e9 };
/** The ends of the scale of memory, as powers of two. */
const SCALE = { least: 10, most: 46, ticks: [10, 20, 30, 40] };
/** A row of the memory: its dot, and above that the dot's value. */
const ROW = { height: 30, top: 20, value: 10 };
/** A dot, no bar: the length of a bar on a logarithmic scale says nothing. */
const DOT = 6;
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
      ofReading.replaceChildren(memoryDots(now, before), gpusFilled(now), plot(now, before));
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
  const needed = Math.ceil((weights + cache) / GPU.bytes);
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
 * Weights, cache and one token of it on one scale, whose steps are factors of 1,024; the line is a GPU's memory.
 * @param {Cost} now
 * @param {Cost | undefined} before
 */
function memoryDots(now, before) {
  /** @type {[name: string, bytes: number, former: number | undefined][]} */
  const parts = [
    ["weights, 16 bits", now.weights, before?.weights],
    [`cache, ${now.bits} bits`, now.cache, before?.cache],
    ["one token of it", now.oneToken, before?.oneToken],
  ];
  const hasMoved = parts.some(([, bytes, former]) => former !== undefined && former !== bytes);
  const title = `Memory on a logarithmic scale: ${parts.map(([name, bytes]) => `${name}, ${inBytes(bytes)}`).join("; ")}. The line is ${GPU.name}`;
  const draw = (/** @type {number} */ width) => {
    const left = 8 + DOT + Math.max(...parts.map(([name]) => widthOf(name)));
    const right = width - widthOf("99.9 TiB") / 2;
    const toX = (/** @type {number} */ bytes) => left + Math.max(0, (Math.log2(bytes) - SCALE.least) / (SCALE.most - SCALE.least)) * (right - left);
    const floor = ROW.top + parts.length * ROW.height;
    const gpu = toX(GPU.bytes);
    const isTight = toX(2 ** SCALE.ticks[1]) - left < 8 + widthOf("1 MiB");
    return svg(
      "svg",
      { viewBox: `0 0 ${width} ${floor + 18}`, role: "img", "aria-label": title },
      ...SCALE.ticks.filter((_, i) => !isTight || i % 2 === 0).flatMap((power) => [
        svg("path", { class: "llm-grid", d: `M${toX(2 ** power)} ${ROW.top}V${floor}` }),
        svg("text", { class: "llm-tick", x: toX(2 ** power), y: floor + 14, "text-anchor": "middle" }, inBytes(2 ** power).replace(/\.0+ /, " ")),
      ]),
      svg("line", { class: "llm-limit", x1: gpu, x2: gpu, y1: ROW.top - 4, y2: floor }),
      svg("text", { class: "llm-limit-name", x: Math.min(gpu, width - widthOf(GPU.name) / 2), y: 11, "text-anchor": "middle" }, GPU.name),
      ...parts.flatMap(([name, bytes, former], i) => {
        const y = ROW.top + (i + 1) * ROW.height - 10;
        const text = inBytes(bytes);
        return [
          svg("text", { x: left - DOT - 8, y: y + 4, "text-anchor": "end" }, name),
          svg("path", { class: "llm-grid", d: `M${left} ${y}H${right}` }),
          ...(former === undefined || former === bytes ? [] : trace(toX(former), toX(bytes), y)),
          svg("circle", { class: bytes > GPU.bytes ? "llm-bar-beyond" : "llm-bar-within", cx: toX(bytes), cy: y, r: DOT }),
          svg("text", { class: "llm-value", x: besideLimit(toX(bytes), gpu, widthOf(text) / 2), y: y - ROW.value, "text-anchor": "middle" }, text),
        ];
      }),
    );
  };
  return element("figure", { class: "llm-plot" }, element("figcaption", {}, `Memory, logarithmic scale${hasMoved ? " (hollow: before)" : ""}`), fitted(draw));
}

/** A GPU as a box; where there are many, they stand without gaps, and at last without their walls. */
const BOX = { wide: 44, thin: 4, height: 38, gap: 6 };
/** What is there at all can be seen. */
const SLIVER = 3;

/**
 * The same on a plain scale: weights, then the cache, poured into one GPU after the other.
 * @param {Cost} cost
 */
function gpusFilled({ weights, cache }) {
  const needed = Math.ceil((weights + cache) / GPU.bytes);
  const title = `On a plain scale: weights (blue), then cache (green), in ${needed.toLocaleString("en")} GPU${needed > 1 ? "s" : ""}`;
  const draw = (/** @type {number} */ width) => {
    const gap = (width - 2 + BOX.gap) / needed - BOX.gap >= BOX.wide ? BOX.gap : 0;
    const own = (width - 2 + gap) / needed - gap;
    const least = gap === 0 ? 0 : SLIVER;
    const walled = own >= BOX.thin ? needed : 1;
    const size = walled === 1 ? width - 2 : own;
    const share = walled === 1 ? needed * GPU.bytes : GPU.bytes;
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

/**
 * Where a dot stood before, and its way from there.
 * @param {number} from
 * @param {number} to
 * @param {number} y
 */
function trace(from, to, y) {
  return [
    svg("path", { class: "llm-leader", d: `M${from} ${y}H${to}` }),
    svg("circle", { class: "llm-former", cx: from, cy: y, r: DOT - 1 }, svg("title", {}, "before")),
  ];
}

/**
 * The middle of a value above its dot: at the dot's side of the line of the limit, which crosses no value.
 * @param {number} x
 * @param {number} limit
 * @param {number} half  Of the value's width.
 */
function besideLimit(x, limit, half) {
  return x < limit ? Math.min(x, limit - 4 - half) : Math.max(x, limit + 4 + half);
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
    dots: [{ at: [power, share(chosen, power)], name: length.toLocaleString("en") }, ...(half <= 2 ** LONGEST ? [{ at: /** @type {[number, number]} */ ([Math.log2(half), 0.5]), name: `half at ${Math.round(half).toLocaleString("en")}`, look: 1 }] : [])],
    xTicks: [8, 10, 12, 14, 16, 18, 20],
    xTick: (at) => (at < 10 ? String(2 ** at) : at < 20 ? `${2 ** (at - 10)}K` : "1M"),
    yRange: [0, 1],
    height: 150,
    tracesAreNamed: true,
  });
}
