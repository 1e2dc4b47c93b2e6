/** The course model's own weights under a microscope: the levels that few bits leave them, the error, and the story that follows. */

import { calculator, choice, element, scroller, setTrait, slider, svg, traitCheckbox } from "./js/dom.js";
import { loadCourseModel } from "./js/course_model.js";
import { argmax, format } from "./js/numbers.js";
import { absmax, levelsOf, quantizedDecoder, relativeError, roundByGroups, roundMatrix } from "./js/quantization.js";
import { Writer } from "./js/writer.js";

/** @import { CourseModel } from "./js/course_model.js" */
/** @import { Model } from "./js/types.js" */

const MATRICES = [
  ["self_attn.q_proj", "queries"], ["self_attn.k_proj", "keys"], ["self_attn.v_proj", "values"], ["self_attn.o_proj", "attention's output"],
  ["mlp.gate_proj", "gate"], ["mlp.up_proj", "up"], ["mlp.down_proj", "down"],
];
const LAYERS = 4;
/** Which weight of the first row is the outlier. */
const OUTLIER = 7;
const GROUPS = [8, 16, 32, 64, 128];
/** More than any row has. */
const ROW = 512;
const WIDTH = 420;
const HEIGHT = 132;
const BINS = 60;
const PROMPT = "There was a girl called";
const TOKENS = 28;
/** Milliseconds without a change before the story is written: a slider on its way asks for none. */
const PAUSE = 150;

export default calculator(
  {
    title: "Quantization microscope",
    tryThis: [
      "Go from 8 bits down to 2. At how many bits does the error pass a tenth? At how many does the story fall apart?",
      "At 4 bits and one scale for the row, move the outlier to the right. What happens to the levels near 0, where almost all weights are?",
      "Keep the outlier, and make the groups smaller. Which weights still suffer?",
      "Without an outlier, switch to NF4 at groups of 64. It has 16 levels, as 4 bits have 15: why is the error smaller?",
    ],
  },
  {
    traits: ["matrix", "bits", "group", "outlier", "nf4"],
    fields,
    load: async (model) => ({ course: await loadCourseModel(model), plain: "" }),
    compute: look,
    sentence,
    pictures: [drawing, table, story],
  },
);

/** @param {Model} model */
function fields(model) {
  const names = Array.from({ length: LAYERS }, (_, layer) => MATRICES.map(([name, label]) => /** @type {[string, string]} */ ([`${layer}.${name}`, `layer ${layer + 1}, ${label}`]))).flat();
  return [
    choice("Matrix", names, model.get("matrix"), (name) => setTrait(model, "matrix", name)),
    slider("Bits", { min: 2, max: 8, step: 1, value: model.get("bits") }, (bits) => setTrait(model, "bits", bits)),
    choice(
      "Weights that share a scale",
      [...GROUPS.map((size) => /** @type {[string, string]} */ ([String(size), String(size)])), [String(ROW), "the whole row"]],
      String(model.get("group")),
      (size) => setTrait(model, "group", Number(size)),
    ),
    slider(
      "Outlier",
      { min: 0, max: 40, step: 1, value: model.get("outlier"), format: (value) => (value ? `${value} deviations` : "none") },
      (outlier) => setTrait(model, "outlier", outlier),
    ),
    traitCheckbox(model, "nf4", "NF4 in place of whole numbers (4 bits)"),
  ];
}

/** @typedef {{ course: CourseModel, plain: string }} Loaded  The model, and its story in 16 bits once it was told. */

/**
 * The first row of a matrix, there and back, with an outlier if one is asked for; the whole matrix without.
 * @param {Model} model
 * @param {Loaded} loaded
 */
function look(model, loaded) {
  const [name, outlier, nf4] = ["matrix", "outlier", "nf4"].map((trait) => model.get(trait));
  const { tensors, config } = loaded.course;
  const matrix = /** @type {Float32Array} */ (tensors.get(`model.layers.${name}.weight`));
  const columns = name.endsWith("down_proj") ? config.feed_forward_size : config.hidden_size;
  const group = Math.min(model.get("group"), columns);
  const kind = { bits: nf4 ? 4 : model.get("bits"), nf4 };
  const own = Array.from(matrix.subarray(0, columns));
  const deviation = Math.sqrt(own.reduce((sum, weight) => sum + weight * weight, 0) / columns);
  const weights = own.map((weight, i) => (outlier && i === OUTLIER ? outlier * deviation : weight));
  const rounded = roundByGroups(weights, group, kind);
  const errorOf = (/** @type {(i: number) => boolean} */ chosen) =>
    relativeError(weights.filter((_, i) => chosen(i)), rounded.filter((_, i) => chosen(i)));
  return {
    loaded, ...kind, group, size: model.get("group"), weights, rounded, deviation,
    levels: levelsOf(absmax(weights.slice(0, group)), kind),
    errors: {
      row: errorOf(() => true),
      near: errorOf((i) => i !== OUTLIER && i < group),
      far: group < columns ? errorOf((i) => i >= group) : undefined,
      matrix: relativeError(matrix, roundMatrix(matrix, columns, group, kind)),
    },
  };
}

/** @typedef {ReturnType<typeof look>} Seen */

/** @param {Seen} seen */
function nameOf({ bits, nf4 }) {
  return nf4 ? "NF4" : `${bits} bits`;
}

/** @param {Seen} seen */
function sentence(seen) {
  const { bits, group, levels, rounded, weights, errors } = seen;
  const used = new Set(rounded.slice(0, group).map((value) => value.toFixed(9))).size;
  const zeros = rounded.slice(0, group).filter((value, i) => value === 0 && weights[i] !== 0).length;
  return (
    `${nameOf(seen)}: ${levels.length} levels, of which the first group uses ${used}; ${zeros} of its ${group} weights become 0. ` +
    `The row is off by ${format(100 * errors.row, 1)} % of its length, with ${format(bits + 16 / group, 2)} bits per weight, scales in 16 bits included.`
  );
}

/** The histogram of the row, and below it the levels of the first group. @param {Seen} seen */
function drawing({ weights, levels, deviation }) {
  const reach = Math.max(4 * deviation, absmax(weights));
  const toX = (/** @type {number} */ value) => 10 + ((value + reach) / (2 * reach)) * (WIDTH - 20);
  const counts = new Array(BINS).fill(0);
  for (const weight of weights) counts[Math.min(BINS - 1, Math.floor(((weight + reach) / (2 * reach)) * BINS))] += 1;
  const tallest = Math.max(...counts);
  const bars = counts.map((count, i) => {
    const left = toX(-reach + (2 * reach * i) / BINS);
    const height = (count / tallest) * (HEIGHT - 50);
    return svg("rect", { style: "fill: rgb(var(--llm-blue))", x: left, y: HEIGHT - 40 - height, width: (WIDTH - 20) / BINS - 1, height });
  });
  const marks = levels.map((level) => svg("line", { stroke: "currentColor", x1: toX(level), x2: toX(level), y1: HEIGHT - 36, y2: HEIGHT - 20 }));
  const label = `Histogram of ${weights.length} weights, and the ${levels.length} levels that the first group can become`;
  const ends = [-reach, 0, reach].map((value, i) =>
    svg("text", { x: toX(value), y: HEIGHT - 5, "font-size": 11, fill: "currentColor", "text-anchor": ["start", "middle", "end"][i] }, format(value, 2)),
  );
  return element(
    "div",
    {},
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, style: "max-width: 34rem" }, ...bars, ...marks, ...ends),
    element("p", {}, `Bars: the ${weights.length} weights of the matrix's first row. Ticks: the levels of its first group.`),
  );
}

/** @param {Seen} seen */
function table({ group, errors }) {
  /** @type {[string, number | undefined][]} */
  const rows = [
    ["the row", errors.row],
    [`its first ${group}, without the outlier`, errors.near],
    ["the groups behind them", errors.far],
    ["the whole matrix, as it is", errors.matrix],
  ];
  const lines = rows.map(([name, error]) =>
    element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, error === undefined ? "–" : `${format(100 * error, 1)} %`)),
  );
  const caption = "Relative error";
  return scroller(caption, element("table", {}, element("caption", {}, caption), element("tbody", {}, ...lines)));
}

/** What the model tells with all its linear layers in this format, without the outlier. @param {Seen} seen */
function story(seen) {
  const { loaded, bits, nf4, size } = seen;
  const node = element("div", {}, element("p", {}, "The quantized model writes …"));
  setTimeout(() => {
    if (!node.isConnected) return;
    const { course } = loaded;
    loaded.plain ||= tell(new Writer(course));
    const writer = new Writer({ ...course, decoder: quantizedDecoder(course, size, { bits, nf4 }) });
    const told = tell(writer);
    writer.start(PROMPT + loaded.plain);
    const begun = course.tokenizer.encode(PROMPT).length + 1;
    const chances = writer.probabilities.slice(begun);
    const perplexity = Math.exp(-chances.reduce((sum, chance) => sum + Math.log(chance), 0) / chances.length);
    const verdict = told === loaded.plain ? "the same story" : "another text";
    node.replaceChildren(
      element("p", {}, element("strong", {}, "As it is: "), `${PROMPT}${loaded.plain} …`),
      element("p", {}, element("strong", {}, `All linear layers, ${nameOf(seen)}, ${verdict}: `), `${PROMPT}${told} …`),
      element("p", {}, `To the quantized model, the first story has a perplexity of ${format(perplexity, 2)}.`),
    );
  }, PAUSE);
  return node;
}

/**
 * The likeliest token each time.
 * @param {Writer} writer
 */
function tell(writer) {
  writer.start(PROMPT);
  for (let i = 0; i < TOKENS && !writer.finished; i++) {
    writer.append(argmax(writer.logits));
  }
  return writer.written;
}
