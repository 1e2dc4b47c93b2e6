/** The course model's own weights under a microscope: the levels that few bits leave them, the error, and the story that follows. */

import { element, svg, traitCheckbox, traitChoice, traitSlider } from "../ui/dom.ts";
import { loadCourseModel, type CourseModel } from "../models/course_model.ts";
import { Decoder } from "../models/decoder.ts";
import { calculator } from "../ui/frame.ts";
import { keyFigures } from "../ui/key_figures.ts";
import { widthOf } from "../ui/labels.ts";
import { rms } from "../models/norms.ts";
import { argmax, format, totalVariation } from "../models/numbers.ts";
import { fitted, short, ticks } from "../ui/plot.ts";
import { OUTLIER, absmax, errorOfLayers, levelsOf, nextProbabilities, relativeError, roundByGroups, roundLayers, withOutlier } from "./quantization.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import { Writer } from "../models/writer.ts";
import type { Model } from "../ui/types.ts";

const MATRICES = [
  ["self_attn.q_proj", "queries"], ["self_attn.k_proj", "keys"], ["self_attn.v_proj", "values"], ["self_attn.o_proj", "attention's output"],
  ["mlp.gate_proj", "gate"], ["mlp.up_proj", "up"], ["mlp.down_proj", "down"],
];
const LAYERS = 4;
const GROUPS = [8, 16, 32, 64, 128];
/** More than any row has. */
const ROW = 512;
/** The histogram, the strip of one group below it, and the numbers of the axis. */
const HEIGHT = { bars: 54, strip: 30, axis: 16 };
const STRIPS = ["first group", "next group"];
/** Settings that the table of those tried keeps. */
const TRIED = 4;
const BINS = 60;
const PROMPT = "There was a girl called";
const TOKENS = 28;
/** Milliseconds without a change before the story is written: a slider on its way asks for none. */
const PAUSE = 150;

export default calculator(
  {
    title: "Quantization microscope",
    tryThis: [
      "Set the bits to 8 and go down to 2. At how many bits does a tenth of the probability move? At how many does the story fall apart?",
      "Set 4 bits, let the whole row share a scale, and move the outlier to the right. What happens to the levels near 0, where almost all weights are?",
      "Set the outlier to 20 deviations and let the whole row share a scale. What becomes of the story? Then choose groups of 32, and of 8: which weights still suffer?",
      "Set the outlier to none, choose groups of 64, and check NF4. It has 16 levels, as 4 bits have 15: why is the error smaller?",
    ],
  },
  {
    traits: ["matrix", "bits", "group", "outlier", "nf4"],
    fields,
    load,
    compute: look,
    sentence,
    pictures: [drawing, errorsOf, story],
  },
);

interface Tried {
  name: string;
  size: string;
  bits: string;
  error: number; // Of all linear layers.
  moved?: number; // The share of probability that moves; left out until it is known.
}

interface Loaded {
  course: CourseModel;
  texts: number[][];
  plainly: number[][][]; // The probabilities of the texts' next tokens in 16 bits, text by text once they were read.
  plain: string; // The story in 16 bits, once it was told.
  tried: Tried[]; // The latest first.
}

async function load(model: Model): Promise<Loaded> {
  const course = await loadCourseModel(model);
  const { end_of_text, context_length } = course.config;
  const read = (text: string) => [end_of_text, ...course.tokenizer.encode(text)].slice(0, context_length);
  return { course, texts: model.get("texts").map(read), plainly: [], plain: "", tried: [] };
}

function fields(model: Model) {
  const names = Array.from({ length: LAYERS }, (_, layer) => MATRICES.map(([name, label]) => [`${layer}.${name}`, `layer ${layer + 1}, ${label}`] as [string, string])).flat();
  const bits = traitSlider(model, "bits", "Bits", { min: 2, max: 8, step: 1 });
  const range = bits.querySelector("input") as HTMLInputElement;
  const bar = () => (range.disabled = model.get("nf4")); // it has 4, whatever stands there
  model.on("change:nf4", bar);
  bar();
  return [
    traitChoice(model, "matrix", "Matrix", names),
    bits,
    traitChoice(model, "group", "Weights that share a scale", [...GROUPS, ROW].map((size) => [size, size === ROW ? "the whole row" : String(size)])),
    traitSlider(model, "outlier", "Outlier", { min: 0, max: 40, step: 1, format: (value) => (value ? `${value} deviations` : "none") }),
    traitCheckbox(model, "nf4", "NF4 in place of whole numbers (4 bits)"),
  ];
}

/** The first row of a matrix, there and back, with an outlier if one is asked for. */
function look(model: Model, loaded: Loaded) {
  const [name, outlier, nf4] = ["matrix", "outlier", "nf4"].map((trait) => model.get(trait));
  const { tensors, config } = loaded.course;
  const matrix = tensors.get(`model.layers.${name}.weight`) as Float32Array;
  const columns = name.endsWith("down_proj") ? config.feed_forward_size : config.hidden_size;
  const group = Math.min(model.get("group"), columns);
  const kind = { bits: nf4 ? 4 : model.get("bits"), nf4 };
  const own = Array.from(matrix.subarray(0, columns));
  const deviation = rms(own);
  const weights = withOutlier(own, outlier);
  const rounded = roundByGroups(weights, group, kind);
  const isOut = (i: number) => outlier > 0 && i === OUTLIER;
  const groups = STRIPS.map((_, number) => groupAt(weights.slice(number * group, (number + 1) * group), rounded.slice(number * group, (number + 1) * group), kind, (i) => number === 0 && isOut(i)));
  return { loaded, ...kind, group, outlier, isOut, size: model.get("group"), weights, deviation, error: relativeError(weights, rounded), groups };
}

/** @param isOut  The outlier, whose own error is not counted. */
function groupAt(weights: number[], rounded: number[], kind: { bits: number, nf4: boolean }, isOut: (i: number) => boolean) {
  const others = (of: number[]) => of.filter((_, i) => !isOut(i));
  return {
    weights,
    levels: weights.length ? levelsOf(absmax(weights), kind) : [],
    used: new Set(rounded.map((value) => value.toFixed(9))).size,
    zeros: rounded.filter((value, i) => value === 0 && weights[i] !== 0).length,
    counted: others(weights).length,
    error: weights.length ? relativeError(others(weights), others(rounded)) : undefined,
  };
}

type Seen = ReturnType<typeof look>;

function nameOf({ bits, nf4 }: Seen) {
  return nf4 ? "NF4" : `${bits} bits`;
}

function settingOf(seen: Seen) {
  return `${nameOf(seen)}${seen.outlier ? `, outlier ${seen.outlier}` : ""}`;
}

function sentence(seen: Seen) {
  const { bits, group, outlier, groups: [first, next] } = seen;
  return (
    `${nameOf(seen)}: ${first.levels.length} levels for each group. The first group${outlier ? ", with the outlier," : ""} uses ${first.used} of them; ${first.zeros} of its ${group} weights become 0` +
    `${next.weights.length ? `, and ${next.zeros} of the next group's ${next.weights.length}` : ""}. ` +
    `A weight takes ${format(bits + 16 / group, 2)} bits, with its part of a scale of 16 bits.` +
    (outlier ? " The model that writes is rounded as if each of its rows had such an outlier, which itself stays out: the damage is its neighbors'." : "")
  );
}

/** The histogram of the row; below it two of its groups, each with the levels that its weights can become. */
function drawing({ weights, deviation, outlier, isOut, groups }: Seen) {
  const reach = Math.max(4 * deviation, absmax(weights));
  const counts = new Array(BINS).fill(0);
  for (const weight of weights.filter((_, i) => !isOut(i))) counts[Math.min(BINS - 1, Math.floor(((weight + reach) / (2 * reach)) * BINS))] += 1;
  const tallest = Math.max(...counts);
  const [one] = groups;
  const caption = `${weights.length} weights of a row by size; below, two of its groups, with their levels`;
  const label = `${caption}: ${one.levels.length} each${outlier ? `; an outlier at ${short(outlier * deviation)} in the first group` : ""}`;
  const floor = HEIGHT.bars + 8;
  const draw = (width: number) => {
    const left = 12 + Math.max(...STRIPS.map(widthOf));
    const toX = (value: number) => left + ((value + reach) / (2 * reach)) * (width - left - 4);
    const bars = counts.map((count, i) => {
      const height = (count / tallest) * HEIGHT.bars;
      return svg("rect", { class: "llm-above", x: toX(-reach + (2 * reach * i) / BINS), y: floor - height, width: Math.max(1, (width - left - 4) / BINS - 1), height });
    });
    const bottom = floor + STRIPS.length * HEIGHT.strip + HEIGHT.axis;
    const values = ticks(-reach, reach, 6).filter((value) => toX(value) > left + 12 && toX(value) < width - 16);
    const numbers = values.map((value) => svg("text", { class: "llm-tick", x: toX(value), y: bottom - 1, "text-anchor": "middle" }, short(value)));
    const strips = groups.flatMap((group, number) => stripOf(group, STRIPS[number], floor + (number + 0.5) * HEIGHT.strip + 2, toX));
    const mark = outlier ? outlierAt(toX(outlier * deviation), width, floor) : [];
    return svg("svg", { viewBox: `0 0 ${width} ${bottom + 2}`, role: "img", "aria-label": label }, ...bars, ...strips, ...numbers, ...mark);
  };
  return element("figure", { class: "llm-plot" }, element("figcaption", {}, caption), fitted(draw));
}

/** The weights of a group, and the levels that they can become. Where a row has one group only, the second is empty. */
function stripOf({ weights, levels }: Seen["groups"][number], name: string, middle: number, toX: (value: number) => number) {
  const marks = levels.map((level) => svg("line", { class: "llm-level", x1: toX(level), x2: toX(level), y1: middle - 12, y2: middle + 12 }));
  const dots = weights.map((weight) => svg("circle", { class: "llm-point", cx: toX(weight), cy: middle, r: 3 }));
  return [svg("text", { x: 0, y: middle + 4 }, weights.length ? name : "no other"), ...marks, ...dots];
}

/** A mark on the floor of the histogram, and its name. */
function outlierAt(x: number, width: number, floor: number) {
  const half = widthOf("outlier") / 2;
  const at = Math.min(width - half, x);
  return [
    svg("rect", { class: "llm-below", x: x - 3.5, y: floor - 12, width: 7, height: 12, rx: 2 }),
    svg("text", { class: "llm-named llm-named-1", x: at, y: floor - 18, "text-anchor": "middle" }, "outlier"),
  ];
}

function errorsOf(now: Seen, before: Seen | undefined) {
  const written = (error: number | undefined) => (error === undefined ? "–" : `${format(100 * error, 1)} %`);
  const [first, next] = now.groups;
  const shown: [string, (of: Seen) => string][] = [
    ["error of the row", ({ error }) => written(error)],
    [now.outlier ? `of the ${first.counted} beside the outlier` : `of the ${first.counted} of the first group`, ({ groups }) => written(groups[0].error)],
    [next.counted ? `of the ${next.counted} of the next group` : "of the next group", ({ groups }) => written(groups[1].error)],
  ];
  return keyFigures(shown, now, before, true);
}

/** What the model tells with all its linear layers in this format, and how much else it expects. */
function story(seen: Seen) {
  const node = element("div", { class: "llm-stories" }, element("p", {}, "The quantized model writes …"));
  setTimeout(() => tellAndMeasure(node, seen), PAUSE);
  return node;
}

/** @param node  Gone from the page once another setting is chosen. */
async function tellAndMeasure(node: HTMLElement, seen: Seen) {
  if (!node.isConnected) return;
  const { loaded, bits, nf4, size, group, outlier } = seen;
  const { course } = loaded;
  const layers = roundLayers(course, size, { bits, nf4 }, outlier);
  const decoder = new Decoder(course.config, layers);
  loaded.plain ||= tell(new Writer(course));
  const told = tell(new Writer({ ...course, decoder }));
  const verdict = told === loaded.plain ? "the same story" : "another text";
  const now: Tried = { name: settingOf(seen), size: size === ROW ? "the row" : String(size), bits: format(bits + 16 / group, 2), error: errorOfLayers(course.tensors, layers) };
  const others = loaded.tried.filter(({ name, size: of }) => name !== now.name || of !== now.size);
  const table = element("div", {}, triedTable([now, ...others], loaded));
  node.replaceChildren(
    element("p", {}, element("strong", {}, "As it is: "), `${PROMPT}${loaded.plain} …`),
    element("p", {}, element("strong", {}, `All linear layers, ${settingOf(seen)}: ${verdict}. `), PROMPT, ...changed(loaded.plain, told), " …"),
    table,
  );
  const share = await shareMoved(decoder, loaded, () => node.isConnected);
  if (share === undefined) return;
  loaded.tried = [{ ...now, moved: share }, ...others].slice(0, TRIED);
  table.replaceChildren(triedTable(loaded.tried, loaded));
}

/**
 * How much of the next token's probability goes to other tokens than in 16 bits: the mean over the tokens of all texts.
 * @param isWanted  Undefined is the answer once it is not.
 */
async function shareMoved(decoder: Decoder, { course, texts, plainly }: Loaded, isWanted: () => boolean) {
  let sum = 0;
  for (const [i, ids] of texts.entries()) {
    await new Promise((resolve) => setTimeout(resolve)); // the page stays awake
    if (!isWanted()) return undefined;
    plainly[i] ??= nextProbabilities(course.decoder, ids);
    nextProbabilities(decoder, ids).forEach((chances, at) => (sum += totalVariation(plainly[i][at], chances)));
  }
  return sum / texts.flat().length;
}

/** The second text, marked from where it leaves the first. */
function changed(plain: string, told: string) {
  let same = 0;
  while (same < told.length && told[same] === plain[same]) same++;
  return same === told.length ? [told] : [told.slice(0, same), element("mark", {}, told.slice(same))];
}

function triedTable(tried: Tried[], { texts }: Loaded) {
  const percent = (share: number) => `${format(100 * share, 1)} %`;
  const latest = tried[0];
  const sorted = [...tried].sort((one, other) => Number(other.bits) - Number(one.bits));
  const rows = sorted.map(({ name, size, bits, error, moved: share }) => [name, size, bits, percent(error), share === undefined ? "…" : percent(share)]);
  const asItIs = tableRow("as it is", ["–", "16.00", percent(0), percent(0)]);
  const lines = rows.map(([name, ...cells], i) => tableRow(name, cells, sorted[i] === latest && "llm-now"));
  return element(
    "div",
    {},
    captionedTable(`What you tried in all linear layers, by bits (the last ${TRIED})`, ["setting", "group", "bits", "error", "probability moved"], [asItIs, ...lines], "llm-dense-rows"),
    element("p", { class: "llm-note" }, `Error: the length of all changes by the length of the weights. Probability moved: how much of the next token's probability goes to other tokens, on average over ${texts.length} stories that the model has never seen.`),
  );
}

/** The likeliest token each time. */
function tell(writer: Writer) {
  writer.start(PROMPT);
  for (let i = 0; i < TOKENS && !writer.finished; i++) {
    writer.append(argmax(writer.logits));
  }
  return writer.written;
}
