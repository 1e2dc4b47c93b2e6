/** The course model's own weights under a microscope: the levels that few bits leave them, the error, and the story that follows. */

import { calculator, choice, element, setTrait, slider, svg, traitCheckbox } from "./js/dom.js";
import { loadCourseModel } from "./js/course_model.js";
import { keyFigures } from "./js/key_figures.js";
import { argmax, format } from "./js/numbers.js";
import { fitted, short, ticks } from "./js/plot.js";
import { absmax, levelsOf, quantizedDecoder, relativeError, roundByGroups, roundMatrix } from "./js/quantization.js";
import { captionedTable, tableRow } from "./js/table.js";
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
const HEIGHT = 128;
/** Settings that the table of those tried keeps. */
const TRIED = 3;
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
    load: async (model) => ({ course: await loadCourseModel(model), plain: "", perplexity: NaN, tried: [] }),
    compute: look,
    sentence,
    pictures: [drawing, errorsOf, story],
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

/**
 * @typedef {{ name: string, size: string, bits: string, error: string, perplexity: string }} Tried
 *
 * @typedef {object} Loaded  The model, its story in 16 bits and that story's perplexity once it was told, and what was tried.
 * @property {CourseModel} course
 * @property {string} plain
 * @property {number} perplexity
 * @property {Tried[]} tried  The latest first.
 */

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
    loaded, ...kind, group, outlier, size: model.get("group"), weights, rounded, deviation,
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
  const counts = new Array(BINS).fill(0);
  for (const weight of weights) counts[Math.min(BINS - 1, Math.floor(((weight + reach) / (2 * reach)) * BINS))] += 1;
  const tallest = Math.max(...counts);
  const label = `Histogram of ${weights.length} weights, and the ${levels.length} levels that the first group can become`;
  const draw = (/** @type {number} */ width) => {
    const toX = (/** @type {number} */ value) => 4 + ((value + reach) / (2 * reach)) * (width - 8);
    const bars = counts.map((count, i) => {
      const height = (count / tallest) * (HEIGHT - 50);
      return svg("rect", { class: "llm-above", x: toX(-reach + (2 * reach * i) / BINS), y: HEIGHT - 44 - height, width: (width - 8) / BINS - 1, height });
    });
    const marks = levels.map((level) => svg("line", { class: "llm-level", x1: toX(level), x2: toX(level), y1: HEIGHT - 40, y2: HEIGHT - 20 }));
    const values = ticks(-reach, reach, 6).filter((value) => toX(value) > 16 && toX(value) < width - 16);
    const numbers = values.map((value) => svg("text", { class: "llm-tick", x: toX(value), y: HEIGHT - 4, "text-anchor": "middle" }, short(value)));
    return svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label }, ...bars, ...marks, ...numbers);
  };
  const caption = `${weights.length} weights of a row, by size; ${levels.length} levels of its first group`;
  return element("figure", { class: "llm-plot" }, element("figcaption", {}, caption), fitted(draw));
}

/**
 * @param {Seen} now
 * @param {Seen | undefined} before
 */
function errorsOf(now, before) {
  const written = (/** @type {number | undefined} */ error) => (error === undefined ? "–" : `${format(100 * error, 1)} %`);
  /** @type {[string, (of: Seen) => string][]} */
  const shown = [
    ["error of the row", ({ errors }) => written(errors.row)],
    [`first group but weight ${OUTLIER + 1}`, ({ errors }) => written(errors.near)],
    ["other groups", ({ errors }) => written(errors.far)],
    ["matrix, no outlier", ({ errors }) => written(errors.matrix)],
  ];
  return keyFigures(shown, now, before);
}

/** What the model tells with all its linear layers in this format, without the outlier. @param {Seen} seen */
function story(seen) {
  const { loaded, bits, nf4, size, group, errors } = seen;
  const node = element("div", { class: "llm-stories" }, element("p", {}, "The quantized model writes …"));
  setTimeout(() => {
    if (!node.isConnected) return;
    const { course } = loaded;
    loaded.plain ||= tell(new Writer(course));
    if (Number.isNaN(loaded.perplexity)) loaded.perplexity = perplexityOf(new Writer(course), loaded);
    const writer = new Writer({ ...course, decoder: quantizedDecoder(course, size, { bits, nf4 }) });
    const told = tell(writer);
    const verdict = told === loaded.plain ? "the same story" : "another text";
    remember(loaded, {
      name: nameOf(seen), size: size === ROW ? "the row" : String(size), bits: format(bits + 16 / group, 2),
      error: `${format(100 * errors.matrix, 1)} %`, perplexity: format(perplexityOf(writer, loaded), 2),
    });
    node.replaceChildren(
      element("p", {}, element("strong", {}, "As it is: "), `${PROMPT}${loaded.plain} …`),
      element("p", {}, element("strong", {}, `All linear layers, ${nameOf(seen)}, ${verdict}: `), PROMPT, ...changed(loaded.plain, told), " …"),
      triedTable(loaded),
    );
  }, PAUSE);
  return node;
}

/**
 * The second text, marked from where it leaves the first.
 * @param {string} plain
 * @param {string} told
 */
function changed(plain, told) {
  let same = 0;
  while (same < told.length && told[same] === plain[same]) same++;
  return same === told.length ? [told] : [told.slice(0, same), element("mark", {}, told.slice(same))];
}

/**
 * The perplexity of the plain story to a model.
 * @param {Writer} writer
 * @param {Loaded} loaded
 */
function perplexityOf(writer, { course, plain }) {
  writer.start(PROMPT + plain);
  const begun = course.tokenizer.encode(PROMPT).length + 1;
  const chances = writer.probabilities.slice(begun);
  return Math.exp(-chances.reduce((sum, chance) => sum + Math.log(chance), 0) / chances.length);
}

/**
 * @param {Loaded} loaded
 * @param {Tried} now
 */
function remember(loaded, now) {
  const others = loaded.tried.filter(({ name, size }) => name !== now.name || size !== now.size);
  loaded.tried = [now, ...others].slice(0, TRIED);
}

/** @param {Loaded} loaded */
function triedTable({ tried, perplexity }) {
  const rows = [...tried.map(({ name, size, bits, error, perplexity: own }) => [name, size, bits, error, own]), ["as it is", "–", "16.00", "–", format(perplexity, 2)]];
  const lines = rows.map(([name, ...cells], i) => tableRow(name, cells, i === 0 && "llm-now"));
  return captionedTable("What you tried; to each, the first story", ["setting", "group", "bits", "error", "has a perplexity of"], lines);
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
