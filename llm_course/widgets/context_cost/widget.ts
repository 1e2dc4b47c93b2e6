/** What a context costs in memory, compute and money, for published models and dated prices. */

import { cacheBytes, cachedByHeads, crossing, dollars, readingOperations, type Prices, type Shape } from "./context.ts";
import { memory } from "../ui/before.ts";
import { announcement, choice, columns, element, setTrait, svg, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { keyFigures } from "../ui/key_figures.ts";
import { format } from "../models/numbers.ts";
import { inWords } from "../models/parameters.ts";
import { fitted, linePlot } from "../ui/plot.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import { onScale, percent } from "../ui/token_bars.ts";
import type { Model } from "../ui/types.ts";

/**
 * Heads of one width for queries, keys and values.
 * @param table  Parameters of embeddings and head.
 */
const shape = (layers: number, heads: number, kvHeads: number, headDim: number, stored: number, table: number): Shape => ({
  layers, cached: cachedByHeads(kvHeads, headDim), scored: 2 * heads * headDim, parameters: stored - table, stored,
});
/** As published. */
const MODELS: Record<string, Shape> = {
  "stories, ours": shape(4, 4, 2, 32, 1_082_496, 196_608),
  "Llama 2 7B": shape(32, 32, 32, 128, 6.738e9, 2 * 32000 * 4096),
  "Llama 3 8B": shape(32, 32, 8, 128, 8.03e9, 2 * 128256 * 4096),
  "Llama 3 70B": shape(80, 64, 8, 128, 70.55e9, 2 * 128256 * 8192),
  // A latent of 512 numbers and a key of 64 for all heads; 37 of 671 billion parameters work on a token.
  "DeepSeek-V3": { layers: 61, cached: 576, scored: 128 * (192 + 128), parameters: 37e9 - 2 * 129280 * 7168, stored: 671e9 },
};
/** The longest text that each accepts, in tokens, as published. */
const WINDOWS: Record<string, number> = { "stories, ours": 256, "Llama 2 7B": 4096, "Llama 3 8B": 131072, "Llama 3 70B": 131072, "DeepSeek-V3": 131072 };
/** Dollars for a million tokens, as the chapter cites them. */
const PRICES: Record<string, Prices> = {
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
    const remember = memory() as (now: Cost) => Cost | undefined;
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

/** What belongs together: a heading, controls, and what they cause. */
function part(heading: string, side: Node[], stage: Node) {
  return element("section", { class: "llm-part", "aria-label": heading }, element("p", { class: "llm-part-name" }, heading), columns(side, [stage]));
}

/** @param window  What is told about the length. */
function readingFields(model: Model, window: Node) {
  const bits = [16, 8, 4].map((count) => [String(count), `${count} bits`] as [string, string]);
  return [
    choice("Model", named(MODELS), model.get("preset"), (name) => setTrait(model, "preset", name)),
    traitSlider(model, "power", "Tokens", { min: SHORTEST, max: LONGEST, step: 1, format: (power) => (2 ** power).toLocaleString("en") }),
    window,
    traitSlider(model, "batch", "Texts at once", { min: 1, max: 64, step: 1 }),
    choice("Numbers in the cache", bits, String(model.get("bits")), (count) => setTrait(model, "bits", Number(count))),
  ];
}

function priceFields(model: Model) {
  return [
    choice("Prices", Object.keys(PRICES).map((name) => [name, ofVendor(name)[0]]), model.get("prices"), (name) => setTrait(model, "prices", name)),
    traitSlider(model, "questions", "Questions about the text", { min: 1, max: 50, step: 1 }),
  ];
}

function named(table: object) {
  return Object.keys(table).map((name) => [name, name] as [string, string]);
}

/** A vendor's model, and when its price holds. */
function ofVendor(name: string) {
  return name.split(", ");
}

function costOf(model: Model) {
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

type Cost = ReturnType<typeof costOf>;

function sentence({ chosen, length, weights, cache }: Cost) {
  const { matrices, attention } = readingOperations(chosen, length);
  const share = attention / (attention + matrices);
  const half = Math.round(crossing(chosen)).toLocaleString("en");
  const needed = Math.ceil((weights + cache) / GPU_BYTES);
  const room = needed === 1 ? "with the weights it fits into one GPU of 74.5 GiB" : `with the weights, that is the memory of ${needed.toLocaleString("en")} GPUs of 74.5 GiB`;
  return `The cache takes ${inBytes(cache)}; ${room}. Attention takes ${percent(share)} of the operations of reading, and half of them at ${half} tokens.`;
}

/** The model's window, in bold where the length is beyond it. */
function ofWindow(name: string, length: number) {
  const most = WINDOWS[name].toLocaleString("en");
  return length > WINDOWS[name] ? element("b", {}, `Beyond its window of ${most}`) : `Its window: ${most} tokens`;
}

function inBytes(bytes: number) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit ? format(bytes, bytes < 10 ? 2 : 1) : bytes} ${units[unit]}`;
}

function figures({ bits }: Cost): [name: string, of: (cost: Cost) => string][] {
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

/** Weights, then the cache, poured into one GPU after the other. */
function gpusFilled({ weights, cache }: Cost) {
  const needed = Math.ceil((weights + cache) / GPU_BYTES);
  const title = `Memory: weights (blue), then cache (green), in ${needed.toLocaleString("en")} H100 GPU${needed > 1 ? "s" : ""} of 74.5 GiB`;
  const draw = (width: number) => {
    const gap = (width - 2 + BOX.gap) / needed - BOX.gap >= BOX.wide ? BOX.gap : 0;
    const own = (width - 2 + gap) / needed - gap;
    const least = gap === 0 ? 0 : SLIVER;
    const walled = own >= BOX.thin ? needed : 1;
    const size = walled === 1 ? width - 2 : own;
    const share = walled === 1 ? needed * GPU_BYTES : GPU_BYTES;
    const boxes = Array.from({ length: walled }, (_, i) => {
      const x = 1 + i * (size + gap);
      const within = (bytes: number) => {
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

function money({ prices, when, length, questions }: Cost) {
  const { sentAgain, cached } = dollars(prices, length, questions, ANSWER);
  const largest = Math.max(sentAgain, cached);
  const written = (sum: number) => `$ ${format(sum, sum < 0.1 ? 5 : 2)}`;
  const caption = `${questions} answer${questions > 1 ? "s" : ""} of ${inWords(ANSWER)} tokens, about a text of ${length.toLocaleString("en")}; ${when ? `${when}, ` : ""}as of November 2026`;
  const bar = (name: string, sum: number) => tableRow(name, [onScale(sum / largest, written(sum))]);
  return captionedTable(caption, [], [bar("sent every time", sentAgain), bar("kept in the cache", cached)], "llm-bars llm-token-bars");
}

function plot({ chosen, power, length }: Cost, before: Cost | undefined) {
  const share = (of: Shape, at: number) => {
    const { matrices, attention } = readingOperations(of, 2 ** at);
    return attention / (attention + matrices);
  };
  const curve = (of: Shape) =>
    Array.from({ length: 4 * (LONGEST - SHORTEST) + 1 }, (_, i) => SHORTEST + i / 4).map((at) => [at, share(of, at)] as [number, number]);
  const half = crossing(chosen);
  return linePlot({
    title: `Attention's share of the operations${before && before.chosen !== chosen ? " (pale: before)" : ""}`,
    x: "tokens",
    y: "share",
    series: [{ name: "attention", points: curve(chosen), before: before && curve(before.chosen) }],
    dots: [{ at: [power, share(chosen, power)], name: length.toLocaleString("en"), look: 3 }, ...(half <= 2 ** LONGEST ? [{ at: [Math.log2(half), 0.5] as [number, number], name: `half at ${Math.round(half).toLocaleString("en")}` }] : [])],
    xTicks: [8, 10, 12, 14, 16, 18, 20],
    xTick: (at) => (at < 10 ? String(2 ** at) : at < 20 ? `${2 ** (at - 10)}K` : "1M"),
    yRange: [0, 1],
    height: 150,
    tracesAreNamed: true,
  });
}
