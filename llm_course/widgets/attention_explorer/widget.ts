/** Attention, one head at a time: queries and keys give scores, scores give weights, weights mix the values. */

import { allHeads } from "./all_heads.ts";
import { attention, readHeads } from "./attention.ts";
import { habitOf, spread, summary } from "./attention_words.ts";
import { loadCourseModel } from "../models/course_model.ts";
import { memory } from "../ui/before.ts";
import { announcement, button, choice, element, redraw, setTrait, traitCheckbox, traitTextField, visibleToken } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { heatMap, numberTable } from "./heat_map.ts";
import { format, normal, randomMatrix, randomNumbers } from "../models/numbers.ts";
import type { Matrix, Model } from "../ui/types.ts";

/** One head: queries, keys and values to compute with, or weights that are already computed. */
export type Vectors = { query: Matrix, key: Matrix, value: Matrix };

export type Weights = { weights: Matrix };

/** Where heads come from. */
export interface Source {
  label: string;
  tokens: string[];
  layers: number;
  heads: number; // In each layer.
  at: (layer: number, head: number) => Vectors | Weights;
  edit?: (layer: number, head: number, edited: Vectors) => void; // Where a reader may change the numbers.
  first?: (layer: number, head: number) => Vectors; // What they were before any change.
  controls?: HTMLElement; // What else the source lets a reader choose.
  hasText?: boolean; // Its controls are wide: they stand above the heads, not beside them.
  prepare?: () => Promise<void>; // Before it is first looked at.
  note?: string;
}

/** What is looked at. */
interface View {
  source: Source;
  layer: number;
  head: number;
  picked: number; // The query whose row is explained.
  remember: (now: Seen) => Seen | undefined;
}

type Seen = { where: string, weights: Matrix };

export type Settings = { causal: boolean, scaled: boolean };

/** Vectors up to this size can be typed into and are explained term by term. */
const SMALL = { tokens: 8, width: 6 };
/** Of wider output vectors, the first numbers are shown. */
const OUTPUT_WIDTH = 8;
/** Maps of more columns have small cells, and smaller ones. */
const COMPACT = { columns: 9, many: 18 };
/** Below this a weight is not written: it is read as 0.00. */
const LEAST_WRITTEN = 0.005;
/** Longer sentences are cut: a table of more columns is no longer read. */
const SENTENCE_TOKENS = 24;
const LINES_OF_SENTENCE = 2;
/** What a source is looked at first: its first head, and the row of its last token. */
const FIRST_HEAD = { layer: 0, head: 0, picked: -1 };

export default widget(
  {
    title: "Attention explorer",
    tryThis: suggestions,
    tryAgainOn: ["source"],
  },
  (model, body) => {
    const sourceControls = element("div", { class: "llm-inline" });
    const headControls = element("div", { class: "llm-inline" });
    const head = element("div");
    const sources = [givenSource(model), randomSource(model, () => showHead()), sentenceSource(model, () => showHead())];
    const view: View = { source: sources[0], layer: 0, head: 0, picked: 0, remember: memory() };
    let refresh = () => {};

    function showHead() {
      lookAt(model, view);
      const { controls, stage, side, rest, isSplit, show } = headView(view, model, showHead);
      split.classList.toggle("llm-columns", isSplit);
      redraw(headControls, ...controls);
      redraw(head, ...stage);
      redraw(beside, ...side);
      redraw(below, ...rest);
      refresh = show;
      refresh();
    }
    function chooseSource(index: string) {
      const chosen = Number(index);
      for (const [trait, value] of Object.entries({ ...FIRST_HEAD, source: chosen })) setTrait(model, trait, value);
      if (chosen === 2) for (const trait of ["causal", "scaled"]) setTrait(model, trait, true);
      openSource();
    }
    async function openSource() {
      const source = sources[model.get("source")] ?? sources[0];
      sourceControls.replaceChildren(...(source.controls ? [source.controls] : []));
      head.replaceChildren();
      for (const place of [headControls, beside, below]) place.replaceChildren();
      try {
        await source.prepare?.();
      } catch (error) {
        head.replaceChildren(element("p", { role: "alert" }, String(error)));
        return;
      }
      view.source = source;
      // Moved only here: a field that moves loses the focus of who types.
      from.classList.toggle("llm-above", source.hasText === true);
      (source.hasText ? above : side).prepend(from);
      showHead();
    }

    const labels = sources.map(({ label }, i) => [String(i), label] as [string, string]);
    const from = element("div", { class: "llm-controls" }, choice("Vectors", labels, String(model.get("source")), chooseSource), headControls, sourceControls);
    const beside = element("div");
    const below = element("div");
    const above = element("div");
    const side = element("div", { class: "llm-side" }, from, beside);
    const split = element("div", { class: "llm-columns llm-of-heads" }, side, element("div", { class: "llm-stage" }, head));
    body.append(above, split, below);
    openSource();
    for (const trait of ["causal", "scaled"]) model.on(`change:${trait}`, () => refresh());
  },
);

/** Takes layer, head and row from the state, as far as the source has them; row -1 is the last. */
function lookAt(model: Model, view: View) {
  const { source } = view;
  const inside = (trait: string, count: number) => Math.max(0, Math.min(model.get(trait), count - 1));
  const rows = source.tokens.length;
  view.layer = inside("layer", source.layers);
  view.head = inside("head", source.heads);
  view.picked = model.get("picked") < 0 ? rows - 1 : inside("picked", rows);
}

/** What fits the vectors in view: only numbers that can be typed into have buttons that change them. */
function suggestions(model: Model) {
  const edits = [
    "Point at a score or a weight: the query, the key and the value that meet in it are marked above.",
    "Press “All keys alike”: each query then listens to all tokens alike, whatever it asks for.",
    "Press “As it was”, then “One query ten times as large”: its weights close in on one token. Softmax turns size into certainty.",
    model.get("causal")
      ? "Press “As it was” and switch the causal mask off: which rows change, and which one cannot?"
      : "Switch the causal mask on and change the last token's key: no earlier row moves.",
  ];
  const heads = [
    "Press a row of the weights to read it below.",
    "Go through layers and heads: which look one token back, which at many tokens, which find a word again?",
  ];
  const random = { say: "Here are random vectors of width 256, without the scaling: scores spread by about √256 = 16, and nearly all weight of a row falls on one token. What does the scaling change?", set: { ...FIRST_HEAD, source: 1, width: 256, causal: false, scaled: false } };
  const sentence = { say: "Here is a sentence in the course model. Write your own: what does a head do with a word it has seen before?", set: { ...FIRST_HEAD, source: 2, causal: true, scaled: true } };
  const [row, ...sought] = heads;
  // Each keeps its place in the list where it can: who has set one up is not sent back to the first.
  if (model.get("source") === 1) return [row, "Choose another width: how far do the scores spread at 4, and how far at 256?", random, sentence];
  if (model.get("source") === 2) return [row, ...sought, random, sentence];
  return model.get("weights") ? [...model.get("hints"), ...heads, sentence] : [...edits, random, sentence];
}

/** The tensors the widget was made with. */
function givenSource(model: Model): Source {
  const tokens = model.get("tokens");
  const given = model.get("weights") ?? model.get("query");
  const common = { label: model.get("label"), tokens, layers: given.length, heads: given[0].length };
  const [query, key, value] = ["query", "key", "value"].map((name) => structuredClone(model.get(name)));
  if (model.get("weights")) return { ...common, at: (layer, head) => ({ weights: given[layer][head] }) };
  return {
    ...common,
    at: (layer, head) => ({
      query: model.get("query")[layer][head],
      key: model.get("key")[layer][head],
      value: model.get("value")[layer][head],
    }),
    first: (layer, head) => ({ query: query[layer][head], key: key[layer][head], value: value[layer][head] }),
    edit(layer, head, edited) {
      for (const [name, matrix] of Object.entries(edited)) {
        const tensor = structuredClone(model.get(name));
        tensor[layer][head] = matrix;
        model.set(name, tensor);
      }
      model.save_changes();
    },
  };
}

/** Of the first forty seeds, that whose scores are spread most as √d says, whatever the width. */
const SEED = 27;

/** Standard normal vectors, the same on every visit. */
function randomSource(model: Model, onChange: () => void): Source {
  const widths = [4, 16, 64, 256].map((size) => [String(size), String(size)] as [string, string]);
  const tokens = Array.from({ length: 6 }, (_, i) => `no. ${i + 1}`);
  return {
    label: "Random vectors",
    tokens,
    layers: 1,
    heads: 1,
    at() {
      const width = model.get("width");
      const uniform = randomNumbers(SEED + width);
      const draw = () => randomMatrix(tokens.length, width, () => normal(uniform));
      return { query: draw(), key: draw(), value: draw() };
    },
    controls: choice("Width d", widths, String(model.get("width")), (chosen) => {
      setTrait(model, "width", Number(chosen));
      onChange();
    }),
  };
}

/** A sentence of the reader's, as the heads of the course model see it. */
function sentenceSource(model: Model, onChange: () => void): Source {
  let course: import("../models/course_model.ts").CourseModel | null = null;
  const status = element("span", { role: "status" });
  const field = traitTextField(model, "sentence", "Your sentence", {
    onChange() {
      if (!course) return;
      readSentence(course);
      onChange();
    },
  }, LINES_OF_SENTENCE);
  let read: Vectors[][] = [];

  function readSentence({ tokenizer, decoder, config }: import("../models/course_model.ts").CourseModel) {
    const ids = [config.end_of_text, ...tokenizer.encode(model.get("sentence"))].slice(0, SENTENCE_TOKENS);
    source.tokens = ids.map((id) => (id === config.end_of_text ? "START" : visibleToken(tokenizer.decode([id]))));
    read = readHeads(decoder, ids);
  }

  const source: Source = {
    label: "A sentence of yours",
    hasText: true,
    tokens: [],
    layers: 1,
    heads: 1,
    at: (layer, head) => read[layer][head],
    controls: element("div", { class: "llm-grow" }, field.node, status),
    async prepare() {
      if (course) return;
      status.textContent = "Loading the course model …";
      course = await loadCourseModel(model);
      const { layers, heads, kv_heads, head_size } = course.config;
      Object.assign(source, { layers, heads });
      source.note =
        `The model's own queries and keys, ${head_size} numbers each, after their rotation by position. ` +
        `Each ${heads / kv_heads} heads share keys and values. Mask and scaling change this head only, as it reads now.`;
      readSentence(course);
      status.textContent = "";
    },
  };
  return source;
}

/**
 * Everything about the head in view: its controls, its numbers, and what they give.
 * @param onChoose  Another layer or head was chosen.
 * @returns  What stands beside the stage where it is split, and below it.
 */
function headView(view: View, model: Model, onChoose: () => void) {
  const { source } = view;
  let numbers = source.at(view.layer, view.head);
  const vectors = "query" in numbers ? numbers : null;
  const { maps, said, listened, habit, steps, show } = resultView(view, model, numbers, (query, key) => markRows(tables, query, key));
  const showNumbers = () => show(numbers, { causal: model.get("causal"), scaled: model.get("scaled") });
  const all = allHeads(view, (layer, head) => {
    setTrait(model, "layer", layer);
    setTrait(model, "head", head);
    onChoose();
  });
  const tables =
    vectors && source.edit && isSmall(vectors)
      ? vectorTables(source.tokens, vectors, (edited) => {
          numbers = edited;
          source.edit?.(view.layer, view.head, edited);
          showNumbers();
        })
      : [];
  const inputs = tables.length ? element("div", { class: "llm-row llm-tight" }, ...tables) : null;
  const note = source.note ? element("p", { class: "llm-note" }, source.note) : null;
  // A small head is seen whole, side by side; of a large one the weights come first and the rest unfolds.
  const isWhole = vectors && source.tokens.length < COMPACT.columns;
  // The row of a long text in numbers would make the card higher than a screen.
  const isLong = vectors && source.hasText && source.tokens.length >= COMPACT.many;
  const stage = isWhole ? element("div", { class: "llm-row llm-tight" }, maps.scores, maps.weights, maps.output) : maps.weights;
  const unfolds = isWhole
    ? isSmall(vectors) ? details("The picked row, term by term", steps) : null
    : vectors && details(isLong ? "Scores and output, and the picked row in numbers" : "Scores and output", maps.scores, maps.output, note, isLong ? listened : null);
  return {
    isSplit: all !== null,
    controls: [...(vectors ? switches(model) : []), inputs && presetButtons(view, numbers, onChoose)],
    // What is said of numbers that a reader types into stands beside them: on a phone the maps are screens below.
    stage: inputs ? [said, inputs, stage] : [stage, all && !isLong ? listened : null, all && said],
    side: all ? [all, habit] : [],
    rest: [inputs || all ? null : said, element("div", {}, unfolds), isWhole ? note : null],
    show: showNumbers,
  };
}

function details(name: string, ...hidden: (Node | null)[]) {
  return element("details", {}, element("summary", {}, name), ...hidden);
}

function switches(model: Model) {
  return [traitCheckbox(model, "causal", "Causal mask"), traitCheckbox(model, "scaled", "Divide scores by √d")];
}

/** What shows most, at one press. */
function presetButtons({ source, layer, head, picked }: View, numbers: Vectors | Weights, onChoose: () => void) {
  const vectors = numbers as Vectors;
  const queryRow = Math.min(picked, vectors.query.length - 1);
  const presets: [string, () => Vectors][] = [
    ["As it was", () => source.first?.(layer, head) ?? vectors],
    ["All keys alike", () => ({ ...vectors, key: vectors.key.map(() => vectors.key.find((row) => row.some(Boolean)) ?? vectors.key[0]) })],
    ["One query ten times as large", () => ({ ...vectors, query: vectors.query.map((row, i) => (i === queryRow ? row.map((number) => 10 * number) : row)) })],
  ];
  const buttons = presets.map(([name, made]) =>
    button(name, () => {
      source.edit?.(layer, head, made());
      onChoose();
    }),
  );
  return element("div", { class: "llm-chips", role: "group", "aria-label": "Numbers to start with" }, ...buttons);
}

function isSmall({ key, value }: Vectors) {
  return key.length <= SMALL.tokens && Math.max(key[0].length, value[0].length) <= SMALL.width;
}

function vectorTables(tokens: string[], vectors: Vectors, onEdit: (edited: Vectors) => void) {
  const edited = { ...vectors };
  const table = (name: "query" | "key" | "value", caption: string) => {
    const values = vectors[name];
    const rows = tokens.slice(-values.length);
    return numberTable({
      caption, name, rows, values,
      onEdit: (matrix) => {
        edited[name] = matrix;
        onEdit({ ...edited });
      },
    });
  };
  return [table("query", "Queries Q: wanted"), table("key", "Keys K: offered"), table("value", "Values V: handed over")];
}

/**
 * Marks what meets in a weight: the query's row, and the rows of key and value.
 * @param tables  Of queries, keys and values; or none.
 */
function markRows(tables: HTMLElement[], query: number, key?: number) {
  tables.forEach((table, i) => {
    const marked = i === 0 ? query : key;
    table.querySelectorAll("tbody tr").forEach((row, j) => row.classList.toggle("llm-meets", j === marked));
  });
}

/**
 * The maps of the head in view. With vectors: scores, weights, output and the arithmetic of the picked row.
 * With weights alone: the weights.
 * @param onMeet  What meets in the picked row, or in a cell that is pointed at.
 * @returns  The maps; what is said of them; the text as the picked query listens to it; what the head does in all rows; the
 *   arithmetic.
 */
function resultView(view: View, model: Model, numbers: Vectors | Weights, onMeet: (query: number, key?: number) => void) {
  const { tokens } = view.source;
  const vectors = "query" in numbers ? numbers : null;
  const rows = tokens.slice(-(vectors ? vectors.query : (numbers as Weights).weights).length);
  const width = vectors ? vectors.value[0].length : 0;
  const dimensions = Array.from({ length: Math.min(width, OUTPUT_WIDTH) }, (_, i) => String(i + 1));
  const isCompact = tokens.length >= COMPACT.columns;
  const look = tokens.length >= COMPACT.many ? "llm-many" : "";
  const onPick = (row: number) => {
    view.picked = row;
    setTrait(model, "picked", row);
    repeat();
  };
  const onPoint: (row?: number, column?: number) => void = (row, column) => {
    for (const map of [scoreMap, weightMap]) map.frame(row, column);
    onMeet(row ?? view.picked, column);
  };
  const scoreMap = heatMap({ caption: scoreCaption(true), rows, columns: tokens, onPoint, isCompact, look });
  const weightMap = heatMap({ caption: "Weights: each row sums to 1", rows, columns: tokens, onPick, onPoint, isCompact, look, full: isCompact ? undefined : 1 });
  const outputMap = heatMap({ caption: outputCaption(width), rows, columns: dimensions, look: isCompact ? "" : "llm-bare" });
  const said = announcement();
  const listened = element("div");
  const habit = element("p", { class: "llm-note llm-habit" });
  const steps = element("div");
  let repeat = () => {};

  return { maps: { scores: scoreMap.node, weights: weightMap.node, output: outputMap.node }, said, listened, habit, steps, show };

  function show(current: Vectors | Weights, settings: Settings) {
    repeat = () => show(current, settings);
    const { picked } = view;
    if ("weights" in current) return showWeights(current.weights);
    const results = attention({ ...current, ...settings });
    showWeights(results.weights);
    scoreMap.rename(scoreCaption(settings.scaled));
    scoreMap.show(results.scores, picked);
    outputMap.show(results.output.map((row) => row.slice(0, OUTPUT_WIDTH)), picked);
    if (isSmall(current)) steps.replaceChildren(...arithmetic(current, results, settings, picked, tokens));
    else said.append(` ${spread(results.scores)}`);
  }

  function showWeights(weights: Matrix) {
    const { picked } = view;
    const where = [view.source.label, view.layer, view.head, ...tokens].join();
    const seen = view.remember({ where, weights });
    const before = seen?.where === where ? seen.weights : undefined;
    weightMap.show(weights, picked, before);
    onPoint();
    said.textContent = summary(weights[picked], rows[picked], tokens, before?.[picked]);
    if (isCompact) redraw(listened, rowOf(weights[picked], rows[picked], tokens));
    habit.replaceChildren(...habitOf(weights, tokens, `Layer ${view.layer + 1}, head ${view.head + 1}`));
  }
}

/** The text, each token as strong as the query listens to it. */
function rowOf(weights: number[], query: string, tokens: string[]) {
  const caption = `What “${query}” listens to`;
  const items = tokens.map((token, i) =>
    element(
      "li",
      { style: `--share: ${weights[i].toFixed(3)}` },
      element("span", {}, token),
      element("span", { class: "llm-share" }, weights[i] < LEAST_WRITTEN ? "–" : format(weights[i])),
    ),
  );
  return element("ol", { class: "llm-chain llm-closely", "aria-label": caption }, ...items);
}

function scoreCaption(scaled: boolean) {
  return scaled ? "Scores: Q · K / √d" : "Scores: Q · K";
}

function outputCaption(width: number) {
  return width > OUTPUT_WIDTH ? `Output (the first ${OUTPUT_WIDTH} of ${width} numbers)` : "Output: V, mixed";
}

/** The picked row, term by term. */
function arithmetic(
  { query, key }: Vectors,
  { scores, weights, output }: { scores: Matrix, weights: Matrix, output: Matrix },
  { scaled }: Settings,
  picked: number,
  tokens: string[],
) {
  const scale = scaled ? ` / √${key[0].length}` : "";
  const lines = tokens.map((token, j) => {
    if (scores[picked][j] === -Infinity) return element("li", {}, `${token}: hidden by the mask, weight 0`);
    const products = key[j].map((k, i) => `${short(query[picked][i])}·${short(k)}`).join(" + ");
    return element("li", {}, `${token}: (${products})${scale} = ${format(scores[picked][j])}, weight ${format(weights[picked][j])}`);
  });
  const terms = tokens.map((token, j) => `${format(weights[picked][j])}·value(${token})`);
  const heard = terms.filter((_, j) => weights[picked][j] >= 0.005).join(" + ");
  const mixed = output[picked].map((number) => format(number)).join(", ");
  return [element("ul", {}, ...lines), element("p", {}, `output = ${heard} = (${mixed})`)];
}

function short(value: number) {
  const text = String(Math.round(value * 100) / 100).replace("-", "−");
  return value < 0 ? `(${text})` : text;
}
