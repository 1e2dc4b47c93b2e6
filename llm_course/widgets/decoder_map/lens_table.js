/** The guess of a model for every token of a text, after each layer: when it comes, and whether it was right. */

import { symbolLabel } from "../models/bpe.js";
import { element } from "../ui/dom.js";
import { argmax, softmax } from "../models/numbers.js";
import { captionedTable, tableRow } from "../ui/table.js";
import { percent } from "../ui/token_bars.js";
import { lens } from "./trace.js";

/** @import { CourseModel } from "../models/course_model.js" */
/** @import { Trace } from "./trace.js" */

/** @typedef {{ id: number, share: number }} Guess  A token, and its probability. */

/**
 * The top guess that a row of the residual stream would give.
 * @param {CourseModel} course
 * @param {Float32Array} row
 * @returns {Guess}
 */
export function guessOf({ decoder }, row) {
  const logits = lens(decoder, row);
  const id = argmax(logits);
  return { id, share: softmax(logits)[id] };
}

/**
 * @param {CourseModel} course
 * @param {number} id
 */
export function written({ config, tokenizer }, id) {
  return id === config.end_of_text ? "end" : symbolLabel(tokenizer.tokens[id]);
}

/**
 * A guess for a position. Where it is the position's own token it has the name that it has there: START ends a text, too.
 * @param {{ course: CourseModel, ids: number[], labels: string[], position: number }} sight
 * @param {number} id
 */
export function writtenAt({ course, ids, labels, position }, id) {
  return id === ids[position] ? labels[position] : written(course, id);
}

/**
 * How many tokens of the text had been guessed before they came, after each layer.
 * @param {Guess[][]} guesses  [position, layer]
 * @param {number[]} ids
 */
function rightAfterLayers(guesses, ids) {
  return guesses[0].map((_, layer) => ids.slice(1).filter((id, position) => guesses[position][layer].id === id).length);
}

/**
 * A row for each token of the text, a column for each layer, and below how many guesses are right.
 * @param {CourseModel} course
 * @param {{ ids: number[], labels: string[], trace: Trace, position: number }} sight
 * @param {(position: number) => void} onPick  A row is pressed. The buttons of the tokens do the same for the keyboard.
 */
export function lensTable(course, { ids, labels, trace, position }, onPick) {
  const stream = [trace.embedding, ...trace.layers.map(({ residual }) => residual)];
  const guesses = ids.map((_, i) => stream.map((rows) => guessOf(course, rows[i])));
  const right = rightAfterLayers(guesses, ids);
  const rows = guesses.map((mine, i) => row({ course, ids, labels, position: i }, mine, i === position));
  rows.forEach((row, i) => row.addEventListener("click", () => onPick(i)));
  const counts = tableRow("right", [...right.map((count) => `${count} of ${ids.length - 1}`), ""], "llm-counts");
  const names = ["Token", ...right.map((_, layer) => (layer === 0 ? "Embed\u00adding" : `Layer ${layer}`)), "Then came"];
  return captionedTable("The first guess for what comes next: stronger where the model is surer, orange where the last layer agrees, bold where it was right", names, [...rows, counts], "llm-heat llm-lens");
}

/**
 * @param {Parameters<typeof writtenAt>[0]} sight  Of the row's token.
 * @param {Guess[]} guesses
 * @param {boolean} isPicked
 */
function row(sight, guesses, isPicked) {
  const next = sight.ids[sight.position + 1]; // none behind the last
  const cells = guesses.map(({ id }) => element(id === next ? "b" : "span", {}, writtenAt(sight, id)));
  const line = tableRow(sight.labels[sight.position], [...cells, next === undefined ? "…" : written(sight.course, next)], isPicked && "llm-picked");
  const last = guesses[guesses.length - 1].id;
  guesses.forEach(({ id, share }, i) => {
    const cell = /** @type {HTMLElement} */ (line.children[i + 1]);
    cell.className = id === last ? "llm-kept" : "llm-positive";
    cell.style.setProperty("--share", share.toFixed(3));
    cell.title = percent(share);
  });
  return line;
}
