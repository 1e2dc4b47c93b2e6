/** The patterns of the families, on one sentence: pick a word and see whom it sees. */

import { announcement, choice, element, redraw, setTrait, slider, svg, widget } from "./js/dom.js";
import { widthOf } from "./js/labels.js";
import { attentionPattern } from "./js/objectives.js";
import { fitted } from "./js/plot.js";
import { captionedTable } from "./js/table.js";

/** @import { Model } from "./js/types.js" */

/** @type {[value: string, text: string][]} */
const KINDS = [
  ["bidirectional", "Encoder: everyone sees everyone"],
  ["causal", "Decoder: oneself and the past"],
  ["prefix", "Prefix: the past, and a beginning for all"],
  ["cross", "Cross: all of another text"],
];
const HEIGHT = 240;
/** From a row of words to the ends of its lines. */
const GAP = 10;
const LETTERS = 12;

export default widget(
  {
    title: "Who may look at whom",
    tryThis: [
      "Choose the decoder, and pick the first word and then the last. How many words does each see?",
      "Switch to the prefix and move its length from 0 to its end. Which two other patterns do you meet?",
      "With the prefix, which words see something that comes after them? With the decoder, does any?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const lines = element("div");
    const matrix = element("div");
    const length = model.get("words").length;
    const prefix = slider("Length of the prefix", { min: 0, max: length, step: 1, value: model.get("prefix") }, (value) => setTrait(model, "prefix", value));
    body.append(
      element("div", { class: "llm-controls" }, choice("Pattern", KINDS, model.get("kind"), (value) => setTrait(model, "kind", value)), prefix),
      said,
      element("div", { class: "llm-row llm-pattern" }, matrix, lines),
    );
    for (const trait of ["kind", "prefix", "row"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      prefix.hidden = model.get("kind") !== "prefix";
      redraw(matrix, table(model, draw));
      draw(model.get("row"));
    }

    /** @param {number} row  Of the word that is told of: the picked one, or that pointed at. */
    function draw(row) {
      said.textContent = sentence(model, row);
      lines.replaceChildren(picture(model, row));
      matrix.querySelectorAll("tbody tr").forEach((line, i) => line.classList.toggle("llm-picked", i === row));
    }
  },
);

/** @param {Model} model */
function keysOf(model) {
  return /** @type {string[]} */ (model.get(model.get("kind") === "cross" ? "other" : "words"));
}

/** @param {Model} model */
function patternOf(model) {
  return attentionPattern(model.get("kind"), model.get("words").length, keysOf(model).length, model.get("prefix"));
}

/**
 * @param {Model} model
 * @param {number} row
 */
function sentence(model, row) {
  const seen = keysOf(model).filter((_, key) => patternOf(model)[row][key]);
  return `“${model.get("words")[row]}” sees ${seen.length} of ${keysOf(model).length}: ${seen.join(" ")}`;
}

/**
 * @param {Model} model
 * @param {(row: number) => void} draw
 */
function table(model, draw) {
  const header = keysOf(model).map((word) => element("th", { scope: "col" }, element("span", {}, word)));
  const rows = patternOf(model).map((line, i) => {
    const pick = element(
      "button",
      { type: "button", "aria-pressed": String(i === model.get("row")), onclick: () => setTrait(model, "row", i) },
      model.get("words")[i],
    );
    const cells = line.map((sees) => element("td", { class: sees ? "llm-sees" : "llm-blind" }, element("span", { class: "llm-unseen" }, sees ? "sees" : "does not")));
    const pointed = { onpointerenter: () => draw(i), onpointerleave: () => draw(model.get("row")) };
    return element("tr", pointed, element("th", { scope: "row" }, pick), ...cells);
  });
  return captionedTable("Rows look, columns are looked at", ["", ...header], rows, "llm-mask");
}

/**
 * Both texts as rows of words, and a line from each that looks to each that is looked at.
 * @param {Model} model
 * @param {number} picked
 */
function picture(model, picked) {
  const words = /** @type {string[]} */ (model.get("words"));
  const keys = keysOf(model);
  const pattern = patternOf(model);
  const title = `Above, what is looked at; below, who looks: “${words[picked]}”`;
  const drawing = fitted((width) => {
    const toX = (/** @type {number} */ i, /** @type {number} */ count) => ((i + 0.5) / count) * width;
    const [top, bottom] = [LETTERS + 4 + GAP, HEIGHT - LETTERS - 8 - GAP];
    const line = (/** @type {number} */ row, /** @type {number} */ key, /** @type {string} */ kind) =>
      svg("line", { class: kind, x1: toX(row, words.length), y1: bottom, x2: toX(key, keys.length), y2: top });
    const pairs = pattern.flatMap((sees, row) => sees.flatMap((is, key) => (is ? [{ row, key }] : [])));
    const name = (/** @type {string[]} */ of, /** @type {number} */ y, /** @type {(i: number) => boolean} */ isBold) =>
      of.map((word, i) => svg("text", { x: toX(i, of.length), y, "text-anchor": "middle", class: isBold(i) ? "llm-bold" : "llm-faint" }, shortened(word, width / of.length)));
    return svg(
      "svg",
      { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": title },
      ...pairs.filter(({ row }) => row !== picked).map(({ row, key }) => line(row, key, "llm-glance")),
      ...pairs.filter(({ row }) => row === picked).map(({ row, key }) => line(row, key, "llm-look")),
      ...name(keys, LETTERS + 2, (key) => pattern[picked][key]),
      ...name(words, HEIGHT - 6, (row) => row === picked),
    );
  });
  return element("figure", { class: "llm-plot" }, element("figcaption", {}, title), drawing);
}

/**
 * @param {string} word
 * @param {number} room
 */
function shortened(word, room) {
  if (widthOf(word) <= room) return word;
  const most = Math.max(1, Math.floor((room - 2) / widthOf("m")));
  return word.length <= most ? word : `${word.slice(0, Math.max(1, most - 1))}…`;
}
