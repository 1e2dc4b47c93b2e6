/** The patterns of the families, on one sentence: change a word and follow, layer by layer, which positions can notice. */

import { announcement, button, element, redraw, setTrait, svg, traitChoice, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { widthOf } from "../ui/labels.ts";
import { attentionPattern, reached } from "../models/objectives.ts";
import { fitted } from "../ui/plot.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import type { Model } from "../ui/types.ts";

const KINDS: [value: string, text: string][] = [
  ["bidirectional", "Encoder: everyone sees everyone"],
  ["causal", "Decoder: oneself and the past"],
  ["prefix", "Prefix: the past and a beginning"],
  ["window", "Window: oneself and some before"],
  ["cross", "Cross: all of another text"],
];
const LAYERS = 4;
/** Of the picture. */
const HEIGHT = 250;
/** Of a row of the mask that ends where the picture does: what stands above the rows, the gap between two, and its bounds. */
const MASK = { head: 26, gap: 2, least: 26, most: 46 };
/** Of the names of the layers, at the left. */
const MARGIN = 52;
/** From a row of words to the dots next to it. */
const GAP = 14;
const LETTERS = 12;
const RADIUS = 5;

export default widget(
  {
    title: "Who may look at whom",
    tryThis: [
      "Stay with the decoder, and change the first word and then the last. Which positions can notice?",
      "Switch to the encoder and change the last word. Which of its vectors could you have kept?",
      "With the prefix, change a word of the prefix and then one behind it. For which of the two can an earlier word notice?",
      "Take a window of 2 and change the first word. How many layers pass before the last position can notice? And with a window of 3?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const words = element("div");
    const pictures = element("div", { class: "llm-row llm-pattern" });
    const length = model.get("words").length;
    const prefix = traitSlider(model, "prefix", "Length of the prefix", { min: 0, max: length, step: 1 });
    const window = traitSlider(model, "window", "Size of the window", { min: 1, max: length, step: 1 });
    const kind = traitChoice(model, "kind", "Pattern", KINDS);
    kind.classList.add("llm-pattern-kind");
    body.append(
      element("div", { class: "llm-controls" }, kind, words, element("div", { class: "llm-ring llm-pattern-size" }, prefix, window)), // they share a place
      said,
      pictures,
    );
    for (const trait of ["kind", "prefix", "window", "changed"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      prefix.classList.toggle("llm-current", model.get("kind") === "prefix");
      window.classList.toggle("llm-current", model.get("kind") === "window");
      redraw(words, wordsToChange(model));
      said.textContent = sentence(model);
      pictures.replaceChildren(mask(model), flow(model));
    }
  },
);

function keysOf(model: Model) {
  return model.get(model.get("kind") === "cross" ? "other" : "words") as string[];
}

/** The place of the changed word. Another text may have fewer. */
function changedOf(model: Model) {
  return Math.min(model.get("changed"), keysOf(model).length - 1);
}

function patternOf(model: Model) {
  const size = model.get(model.get("kind") === "window" ? "window" : "prefix");
  return attentionPattern(model.get("kind"), model.get("words").length, keysOf(model).length, size);
}

/**
 * Which positions can notice, below the first layer and after each. Every layer reads the same other text, so that one of
 * them says it all.
 */
function reachedIn(model: Model) {
  return reached(patternOf(model), changedOf(model), model.get("kind") === "cross" ? 1 : LAYERS);
}

function wordsToChange(model: Model) {
  const buttons = keysOf(model).map((word, i) => {
    const change = button(word, () => setTrait(model, "changed", i));
    change.setAttribute("aria-pressed", String(i === changedOf(model)));
    return change;
  });
  return element("div", { class: "llm-words", role: "group", "aria-label": "The word that changes" }, element("div", {}, "The word that changes"), element("div", { class: "llm-chips" }, ...buttons));
}

function sentence(model: Model) {
  const words = model.get("words") as string[];
  const [, ...after] = reachedIn(model);
  const counts = after.map((row) => row.filter(Boolean).length);
  const most = Math.max(...counts);
  const later = most > counts[0] ? `After ${counts.indexOf(most) + 1} layers ${most} can.` : "More layers add none.";
  return `After one layer ${counts[0]} of ${words.length} positions can notice (${words.filter((_, i) => after[0][i]).join(" ")}). ${later}`;
}

function mask(model: Model) {
  const header = keysOf(model).map((word) => element("th", { scope: "col" }, word));
  const cell = (sees: boolean) => element("span", { class: "llm-unseen" }, sees ? "sees" : "does not");
  const rows = patternOf(model).map((line, i) => {
    const row = tableRow(model.get("words")[i], line.map(cell));
    row.querySelectorAll("td").forEach((td, key) => (td.className = `${line[key] ? "llm-sees" : "llm-blind"} ${key === changedOf(model) ? "llm-changed" : ""}`));
    return row;
  });
  const table = captionedTable("In a layer, rows look and columns are looked at", ["", ...header], rows, "llm-mask");
  const height = Math.min(MASK.most, Math.max(MASK.least, (HEIGHT - MASK.head) / rows.length - MASK.gap));
  table.style.setProperty("--row", `${height.toFixed(1)}px`);
  return table;
}

function flow(model: Model) {
  const title = `Orange: what can notice a change of “${keysOf(model)[changedOf(model)]}”`;
  return element("figure", { class: "llm-plot" }, element("figcaption", {}, title), fitted((width) => drawing(model, `${title}. ${sentence(model)}`, width)));
}

/**
 * The words below, a row of positions for each layer above them, and a line from each that looks to each that it looks at;
 * bold where the change comes to a position for the first time: in the first layer, to all that look at the word.
 */
function drawing(model: Model, title: string, width: number) {
  const marked = reachedIn(model);
  const [words, keys] = [spread(model.get("words"), width), spread(keysOf(model), width)];
  const [top, bottom] = [LETTERS + GAP, HEIGHT - LETTERS - 4 - GAP];
  const toY = (layer: number) => bottom - (layer / (marked.length - 1)) * (bottom - top);
  const rows = marked.map((noticed, layer) => (layer ? words : keys).map(({ x }, i) => ({ x, y: toY(layer), noticed: noticed[i] })));
  const lines = rows.slice(1).flatMap((row, below) => patternOf(model).flatMap((sees, i) => rows[below].filter((_, key) => sees[key]).map((from) => ({ from, to: row[i], isNews: from.noticed && !(below > 0 && rows[below][i].noticed) }))));
  const line = ({ from, to, isNews }: (typeof lines)[number]) =>
    svg("line", { class: isNews ? "llm-look llm-news" : from.noticed ? "llm-look" : "llm-glance", x1: from.x, y1: from.y, x2: to.x, y2: to.y });
  const names = (of: typeof words, y: number, isBold: boolean[]) =>
    of.map(({ text, x }, i) => svg("text", { x, y, "text-anchor": "middle", class: isBold[i] ? "llm-bold" : "llm-faint" }, text));
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": title },
    ...lines.sort((a, b) => Number(a.from.noticed) + Number(a.isNews) - Number(b.from.noticed) - Number(b.isNews)).map(line),
    ...rows.flat().map(({ x, y, noticed }) => svg("circle", { class: noticed ? "llm-noticed" : "llm-untouched", cx: x, cy: y, r: RADIUS })),
    ...rows.map((_, layer) => svg("text", { x: 0, y: toY(layer) + 4, class: "llm-tick" }, layer ? `layer ${layer}` : "words")),
    ...names(words, LETTERS, marked[marked.length - 1]),
    ...names(keys, HEIGHT - 4, marked[0]),
  );
}

/** Words in a row, each at its place: a long one takes room from short ones. */
function spread(words: string[], width: number) {
  const needed = words.reduce((sum, word) => sum + widthOf(word), 0);
  const gap = Math.max(4, (width - MARGIN - needed) / words.length);
  const share = Math.min(1, (width - MARGIN - gap * words.length) / needed);
  let end = MARGIN;
  return words.map((word) => {
    const room = share * widthOf(word);
    end += room + gap;
    return { x: end - (room + gap) / 2, text: shortened(word, room) };
  });
}

function shortened(word: string, room: number) {
  if (widthOf(word) <= room) return word;
  const most = Math.max(1, Math.floor((room - 2) / widthOf("m")));
  return word.length <= most ? word : `${word.slice(0, Math.max(1, most - 1))}…`;
}
