/** The heads of a layer, a line each: what a head takes from every token, what it writes, and the guess without it. */

import { element } from "./dom.js";
import { written } from "./lens_table.js";
import { argmax, format, signed } from "./numbers.js";
import { guessNow, guessThen, switchOf } from "./otherwise.js";
import { lookOf, rivalsOf } from "./rivals.js";
import { headName, headOf, isLeftOut, isUntold, token, traceWithout } from "./sight.js";
import { captionedTable, tableRow } from "./table.js";
import { percent } from "./token_bars.js";
import { pushesOfHead } from "./trace.js";

/** @import { PartActions } from "./decoder_parts.js" */
/** @import { Rivals } from "./rivals.js" */
/** @import { Sight } from "./sight.js" */

/** @typedef {{ id: number, value: number }} Push  By how much a token's logit is moved. */

/** What a full bar stands for, at least: a head that moves little has short bars in every layer. */
const FAR = 10;

/**
 * What the head that is looked at takes, what it writes, and what it is good for.
 * @param {Sight} sight
 * @param {number} layer
 * @param {boolean} isOut  The whole attention of the layer is left out.
 * @param {Push[][]} moves  As `movesOfHeads` finds them.
 */
export function headInWords(sight, layer, isOut, moves) {
  const head = headOf(sight, layer);
  const part = [headName(layer, head)];
  const weights = sight.trace.layers[layer].weights[sight.position][head];
  const most = argmax(weights);
  const from = `${percent(weights[most])} from “${sight.labels[most]}”`;
  if (isOut) return `Left out, it adds nothing, and the guess is ${guessNow(sight)}. Head ${head + 1} would take ${from}.`;
  if (isLeftOut(sight, part)) return `Head ${head + 1} is left out, all else runs on, and the guess is ${guessNow(sight)}. With it back, it ${guessThen(sight, part)}.`;
  const takes = `Head ${head + 1} (blue above) takes ${from}`;
  if (isUntold(sight, part[0])) return `${takes}. What is the guess without this head?`;
  const [{ id, value }] = [...moves[head]].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const name = written(sight.course, id);
  const score = name === sight.labels[most] ? "its score" : `the score of “${name}”`;
  return `${takes} and ${value > 0 ? "raises" : "lowers"} ${score} by ${format(Math.abs(value), 1)}. Without this head, the guess ${guessThen(sight, part)}.`;
}

/**
 * @param {Sight} sight
 * @param {number} layer
 * @param {boolean} isOut  The whole attention of the layer is left out: its heads write nothing, and none can be left out.
 * @param {Push[][]} moves  As `movesOfHeads` finds them.
 * @param {PartActions} actions
 */
export function headTable(sight, layer, isOut, moves, { chooseHead, toggle }) {
  const chosen = headOf(sight, layer);
  const heads = sight.trace.layers[layer].weights[sight.position];
  const rivals = rivalsOf(sight);
  const largest = Math.max(FAR, ...moves.flat().map(({ value }) => Math.abs(value)));
  const rows = heads.map((weights, head) => {
    const part = [headName(layer, head)];
    const choose = element("button", { type: "button", "aria-label": `head ${head + 1}`, "aria-pressed": String(head === chosen), onclick: () => chooseHead(head) }, String(head + 1));
    const otherwise = isOut ? "left out" : switchOf(sight, part, () => {
      chooseHead(head);
      toggle(part);
    }, switchName(sight, part));
    return tableRow(choose, [taken(sight, weights), pushed(sight, rivals, moves[head], largest), otherwise], look(isOut || isLeftOut(sight, part), head === chosen));
  });
  const caption = `What heads do for “${token(sight)}” (tokens above: head ${chosen + 1})`;
  const columns = ["head", "most from", isOut ? "would move" : "moves score", sight.out.length && !isOut ? "also without" : "without head"];
  return captionedTable(caption, columns, rows, "llm-heat llm-heads");
}

/**
 * What stands on a head's switch in place of the guess: that which it would bring back is said in words.
 * @param {Sight} sight
 * @param {string[]} part
 */
function switchName(sight, part) {
  if (isLeftOut(sight, part)) return "put back";
  return isUntold(sight, part[0]) ? "leave out" : "";
}

/**
 * The class of a head's line.
 * @param {boolean} isOut
 * @param {boolean} isChosen
 */
function look(isOut, isChosen) {
  return [...(isOut ? ["llm-out"] : []), ...(isChosen ? ["llm-looked-at"] : [])].join(" ");
}

/**
 * A cell for each token so far, bluer the more the head takes from it, and the one that it takes most from.
 * @param {Sight} sight
 * @param {number[]} weights
 */
function taken({ labels }, weights) {
  const named = weights.map((weight, i) => `${labels[i]} ${format(weight)}`);
  const cells = weights.map((weight, i) => element("i", { title: named[i], style: `--share: ${weight.toFixed(3)}` }));
  const most = argmax(weights);
  return element(
    "span",
    {},
    element("span", { class: "llm-cells", role: "img", "aria-label": named.join(", ") }, ...cells),
    element("span", { class: "llm-most" }, element("span", {}, labels[most]), element("span", {}, `${Math.round(100 * weights[most])}\u00a0%`)),
  );
}

/**
 * For each head of a layer how it moves the scores of the guess and its rival, with its layer whole.
 * @param {Sight} sight
 * @param {number} layer
 * @returns {Push[][]}
 */
export function movesOfHeads(sight, layer) {
  const { course, position } = sight;
  const { guess, rival } = rivalsOf(sight);
  const elsewhere = sight.out.filter((part) => ![`attention-${layer + 1}`, `feed-forward-${layer + 1}`].includes(part));
  return sight.trace.layers[layer].weights[position].map((_, head) => {
    const trace = traceWithout(sight, elsewhere.filter((part) => part !== headName(layer, head)));
    const moved = pushesOfHead(course.decoder, trace, layer, position, head);
    return [guess, rival].map((id) => ({ id, value: moved[id] }));
  });
}

/**
 * @param {Sight} sight
 * @param {Rivals} rivals
 * @param {Push[]} pushes
 * @param {number} largest  What a full bar stands for.
 */
function pushed({ course }, rivals, pushes, largest) {
  const lines = pushes.map(({ id, value }) =>
    element(
      "span",
      {
        title: `${value < 0 ? "lowers" : "raises"} the score of ${written(course, id)}`,
        class: `llm-push ${lookOf(rivals, id)}${value < 0 ? " llm-lowers" : ""}`, style: `--share: ${(Math.abs(value) / largest).toFixed(3)}`,
      },
      element("span", {}, written(course, id)),
      element("span", {}, signed(value, 1)),
    ),
  );
  return element("span", {}, ...lines);
}
