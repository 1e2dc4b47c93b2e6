/** A needle in a haystack: measured recall by place and length, and the course model looking for one in the page. */

import { loadCourseModel, type CourseModel } from "../models/course_model.ts";
import { Decoder } from "../models/decoder.ts";
import { announcement, button, choice, element, loadWhenVisible, redraw, setTrait, slider, traitCheckbox, visibleToken } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { buildHaystack, mostAttentiveHead, type Haystack, type Span } from "./haystack.ts";
import { argmax, randomNumbers, ranking, softmax, sum } from "../models/numbers.ts";
import { linePlot } from "../ui/plot.ts";
import { captionedTable } from "../ui/table.ts";
import { percent, tokenBars } from "../ui/token_bars.ts";
import type { Matrix, Model } from "../ui/types.ts";

/** Frequencies of the rotary positions, and what was measured with them. */
interface Setting {
  name: string;
  frequencies: number[];
  factor: number;
  recall: Matrix; // By depth and length.
}

type Peak = { place: number, word: string };

/** Tokens of the text that the head is chosen by. */
const SHORT = 59;
/** As needle_explorer.py has it. */
const MOST_OTHERS = 4;
/** So many tokens are read before the page may do something else. */
const SLICE = 40;
/** Tokens that are shown at the ends, around the needle, and around what is looked at. */
const [SHOWN_AT_START, SHOWN_AT_END, AROUND_NEEDLE, AROUND_PEAK] = [6, 8, 6, 1];
/** What is named beside the needle: the strongest, and none that nobody would see. */
const PEAKS = 3;
const LEAST_PEAK = 0.03;
const PLOTTED = 120;
/** At both ends of the chart, as a share of the text. */
const MARGIN = 0.03;
const BARS = 5;

export default widget(
  {
    title: "Needle explorer",
    tryThis: (model) => [
      "Press one row of the table from left to right: where do most texts go wrong? Watch where the last token looks, in this text and in another.",
      {
        say: "The longest text, the needle at its end: which of the frequencies help? Then press the start: where does the last token look instead?",
        set: { row: model.get("depths").length - 1, column: model.get("lengths").length - 1, others: 0, setting: 0 },
      },
      {
        say: "Four other children have things, too. Press Another text a few times. Then check “with things of the same kind”: how often is the right name still the first?",
        set: { row: 0, column: 0, others: 4, same_kind: false, setting: 0 },
      },
    ],
  },
  (model, body) => {
    const settings: Setting[] = model.get("settings");
    const grid = element("div");
    const said = announcement("llm-needle-said");
    const text = element("p", { class: "llm-text llm-tokens llm-weighed" });
    const key = element("p", { class: "llm-note" }, "Outlined: the needle; dashed: other children. The deeper the blue of a token, the more the last one looks at it.");
    const look = element("div");
    const bars = tokenBars("The most probable next tokens");
    const names = settings.map(({ name }, i) => [String(i), name] as [string, string]);
    const set = (trait: string) => (value: number | string) => setTrait(model, trait, Number(value));
    let course: CourseModel | null = null;
    /** The head that is looked at, in every text the same: else one could not compare them. */
    let head = 0;
    let run = 0;
    /** Of the texts that differ in nothing but their seed: those read, and those with the right name first. */
    const readSoFar: Map<string, Map<number, boolean>> = new Map();

    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Rotary frequencies", names, String(chosen().setting), set("setting")),
        slider("Other children", { min: 0, max: MOST_OTHERS, step: 1, value: chosen().others }, set("others")),
        traitCheckbox(model, "same_kind", "with things of the same kind"),
        button("Another text", () => set("seed")(model.get("seed") + 1)),
      ),
      element("div", { class: "llm-row llm-halves" }, element("div", {}, grid, bars.node), element("div", {}, said, look)),
      key,
      text,
    );
    showGrid();
    said.textContent = "Loading the course model …";
    for (const trait of ["setting", "row", "column", "others", "same_kind", "seed"]) model.on(`change:${trait}`, show);
    load();

    async function load() {
      course = await loadWhenVisible(body, said, () => loadCourseModel(model));
      if (course) head = await headThatFinds(course, model);
      show();
    }

    /** What is asked for; an address may ask for more than there is. */
    function chosen() {
      const [row, column, setting] = [["row", "depths"], ["column", "lengths"], ["setting", "settings"]].map(([trait, list]) => Math.min(Math.max(0, model.get(trait)), model.get(list).length - 1));
      return { row, column, setting, others: Math.min(Math.max(0, model.get("others")), MOST_OTHERS) };
    }

    function showGrid() {
      const view = chosen();
      redraw(
        grid,
        recallTable(model, settings[view.setting], view, (row, column) => {
          model.set("row", row);
          setTrait(model, "column", column);
        }),
      );
    }

    async function show() {
      showGrid();
      if (!course) return;
      const reader = course;
      const own = ++run;
      const view = chosen();
      const { frequencies, factor } = settings[view.setting];
      const length = model.get("lengths")[view.column];
      const wanted = { length: length - 1, depth: model.get("depths")[view.row], distractors: view.others, sameNoun: model.get("same_kind") };
      const hay = buildHaystack(model.get("words"), course.tokenizer, randomNumbers(model.get("seed")), wanted);
      const ids = [course.config.end_of_text, ...hay.ids];
      said.textContent = `Reading ${length} tokens …`;
      const seen = await read(course, ids, frequencies, factor, () => own !== run);
      if (!seen || own !== run) return;
      const [needle, ...others] = [hay.needle, ...hay.others].map(({ start, end }) => ({ start: start + 1, end: end + 1 }));
      showAnswer(course, hay, seen.logits);
      const row = seen.weights[head];
      const share = sum(row.slice(needle.start, needle.end));
      const peaks = peaksOf(row, needle).map((place) => ({ place, word: wordAt(reader, ids, place) }));
      const { heads } = reader.config;
      const name = `layer ${Math.floor(head / heads) + 1}, head ${(head % heads) + 1}`;
      text.replaceChildren(...strip(course, ids, { needle, others }, row, peaks));
      look.replaceChildren(attentionPlot({ row, share, needle, peaks, name }));
    }

    function showAnswer({ tokenizer }: CourseModel, hay: Haystack, logits: Float32Array) {
      const probabilities = softmax(logits);
      const ranked = ranking(probabilities);
      bars.show(ranked.slice(0, BARS).map((id) => ({ id, token: tokenizer.decode([id]), probability: probabilities[id] })));
      const place = ranked.indexOf(hay.answer) + 1;
      const name = tokenizer.decode([hay.answer]).trim();
      const found = place === 1 ? "the most probable token" : `in place ${place.toLocaleString("en")} of ${ranked.length.toLocaleString("en")}`;
      said.textContent = `The ${hay.thing} belonged to ${name}: ${percent(probabilities[hay.answer])}, ${found}.${measuredSaid()}${counted(place === 1)}`;
    }

    /** How many of the texts that were read with these settings had the right name first. */
    function counted(isRight: boolean) {
      const settingsNow = JSON.stringify([chosen(), model.get("same_kind")]);
      const mine = readSoFar.get(settingsNow) ?? new Map();
      readSoFar.set(settingsNow, mine.set(model.get("seed"), isRight));
      return mine.size > 1 ? ` You have read ${mine.size}, ${[...mine.values()].filter(Boolean).length} right.` : "";
    }

    /** What the table says of texts like this one: one text more is none of those. */
    function measuredSaid() {
      const { setting, row, column, others } = chosen();
      const { recall } = settings[setting];
      if (others) return "";
      const right = Math.round(model.get("texts") * recall[row][column]);
      return ` Of ${model.get("texts")} others like it, ${right} ${right === 1 ? "was" : "were"} right.`;
    }
  },
);

/** The head that gives the needle most of the last token's look, in a short text and as the model was trained. */
async function headThatFinds(course: CourseModel, model: Model) {
  const wanted = { length: SHORT, depth: 0, distractors: 0, sameNoun: false };
  const hay = buildHaystack(model.get("words"), course.tokenizer, randomNumbers(1), wanted);
  const seen = await read(course, [course.config.end_of_text, ...hay.ids], course.decoder.frequencies, 1, () => false);
  return seen ? mostAttentiveHead(seen.weights, { start: hay.needle.start + 1, end: hay.needle.end + 1 }) : 0;
}

/**
 * Read a text with other frequencies, a slice at a time.
 * @returns  The weights of the last token, head by head.
 */
async function read(
  { config, tensors }: CourseModel,
  ids: number[],
  frequencies: number[],
  factor: number,
  given_up: () => boolean,
): Promise<{ logits: Float32Array, weights: number[][] } | null> {
  const decoder = new Decoder({ ...config, rope_frequencies: frequencies, attention_factor: factor, context_length: ids.length }, tensors);
  const cache = decoder.newCache();
  const weights: number[][] = [];
  let logits: Float32Array = new Float32Array();
  for (let i = 0; i < ids.length; i++) {
    if (i % SLICE === 0) {
      await new Promise((resolve) => setTimeout(resolve));
      if (given_up()) return null;
    }
    const last = i === ids.length - 1;
    logits = decoder.step(cache, ids[i], last ? (name, _, values) => name === "weights" && weights.push(Array.from(values)) : undefined);
  }
  return { logits, weights };
}

/** What was measured, without other children: pale where the reader's text has some. */
function recallTable(
  model: Model,
  { recall }: Setting,
  { row, column, others }: { row: number, column: number, others: number },
  onPick: (row: number, column: number) => void,
) {
  const lengths = model.get("lengths") as number[];
  const depths = model.get("depths") as number[];
  const caption = `How often the right name comes first (${model.get("texts")} texts)${others ? "; pale: they have no other children, yours has" : ", by tokens in the text; press one"}`;
  const lines = depths.map((depth, i) => {
    const cells = lengths.map((length, j) => {
      const share = recall[i][j];
      const shown = `${Math.round(100 * share)}\u00a0%`;
      const label = `${shown}: ${length} tokens, ${placeName(depth)}`;
      const pick = element("button", { type: "button", "aria-label": label, "aria-pressed": String(i === row && j === column), onclick: () => onPick(i, j) }, shown);
      return element("td", { class: "llm-positive", style: `--share: ${share.toFixed(3)}` }, pick);
    });
    return element("tr", {}, element("th", { scope: "row" }, depth === 0 ? "at start" : depth === 1 ? "at end" : `at ${Math.round(100 * depth)}\u00a0%`), ...cells);
  });
  return captionedTable(caption, [element("td", { class: "llm-corner" }, "needle placed"), ...lengths.map(String)], lines, `llm-heat llm-recall${others ? " llm-elsewhere" : ""}`);
}

function placeName(depth: number) {
  if (depth === 0) return "at the beginning";
  return depth === 1 ? "at the end" : `after ${Math.round(100 * depth)}\u00a0%`;
}

/** Where the last token looks most, beside the needle: places that are apart, the strongest first. */
function peaksOf(row: number[], { start, end }: { start: number, end: number }) {
  const peaks: number[] = [];
  for (const place of ranking(row).filter((place) => place < start || place >= end)) {
    if (peaks.length === PEAKS || row[place] < LEAST_PEAK) break;
    if (peaks.every((other) => Math.abs(other - place) > 4 * AROUND_PEAK)) peaks.push(place);
  }
  return peaks;
}

function wordAt({ tokenizer }: CourseModel, ids: number[], place: number) {
  return place === 0 ? "START" : visibleToken(tokenizer.decode([ids[place]]));
}

/**
 * The beginning, the needle, what other children have, what is looked at and the question; what stands between is left out.
 * @param weights  Of the last token on each.
 */
function strip(course: CourseModel, ids: number[], { needle, others }: { needle: Span, others: Span[] }, weights: number[], peaks: Peak[]) {
  const isIn = (i: number) => ({ start, end }: Span) => i >= start && i < end;
  const pieces = [];
  let hidden = 0;
  for (let i = 0; i < ids.length; i++) {
    const look = isIn(i)(needle) ? "llm-needle" : others.some(isIn(i)) ? "llm-other-needle" : "";
    const near = i >= needle.start - AROUND_NEEDLE && i < needle.end + AROUND_NEEDLE;
    const seen = peaks.some(({ place }) => Math.abs(i - place) <= AROUND_PEAK);
    if (i < SHOWN_AT_START || i >= ids.length - SHOWN_AT_END || near || seen || look) {
      if (hidden) pieces.push(` … ${hidden} token${hidden === 1 ? "" : "s"} … `);
      hidden = 0;
      pieces.push(element("span", { class: look, style: `--share: ${weights[i].toFixed(3)}` }, wordAt(course, ids, i)));
    } else hidden++;
  }
  return pieces;
}

interface SeenByHead {
  row: number[]; // Its weights.
  share: number; // What of these is on the needle.
  needle: { start: number, end: number };
  peaks: Peak[];
  name: string;
}

/** Where the last token looks, in one head. */
function attentionPlot({ row, share, needle, peaks, name }: SeenByHead) {
  const step = Math.ceil(row.length / PLOTTED);
  const points: [number, number][] = [];
  // Of each stretch its peak, where it is: a curve through the stretches' beginnings would miss the needle.
  for (let start = 0; start < row.length; start += step) {
    const peak = start + argmax(row.slice(start, start + step));
    points.push([peak, row[peak]]);
  }
  return linePlot({
    title: `Where the last token looks in ${name}: ${percent(share)} on the needle`,
    x: "place in the text",
    y: "weight",
    series: [{ name: "weight", points }],
    dots: peaks.map(({ place, word }) => ({ at: [place, row[place]], name: word, look: 3 })),
    xRange: [-MARGIN * row.length, (1 + MARGIN) * row.length], // the first dot and the last are whole, and their names are within
    band: [needle.start, needle.end - 1],
    markerName: "needle",
    yRange: [0, 1.2], // in every text the same, with room for the needle's name
    height: 200,
  });
}
