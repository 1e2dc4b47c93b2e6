/** The heads of a layer, a line each: what a head takes most from, what it adds to the scores, and the guess without it. */

import { element } from "./dom.js";
import { written } from "./lens_table.js";
import { argmax, format, signed } from "./numbers.js";
import { guessNow, guessOtherwise, inWords, switchOf } from "./otherwise.js";
import { lookOf, rivalsOf } from "./rivals.js";
import { headName, headOf, isLeftOut, isUntold, token } from "./sight.js";
import { captionedTable, tableRow } from "./table.js";
import { percent } from "./token_bars.js";

/** @import { PartActions } from "./decoder_parts.js" */
/** @import { Ledger, Scores } from "./ledger.js" */
/** @import { Rivals } from "./rivals.js" */
/** @import { Sight } from "./sight.js" */

/** @type {Scores} */
const NOTHING = [0, 0];

/**
 * What the head that is looked at takes, what it writes, and what it is good for.
 * @param {Sight} sight
 * @param {number} layer
 * @param {boolean} isOut  The whole attention of the layer is left out.
 * @param {Ledger} ledger
 */
export function headInWords(sight, layer, isOut, ledger) {
  const head = headOf(sight, layer);
  const part = [headName(layer, head)];
  const weights = sight.trace.layers[layer].weights[sight.position][head];
  const most = argmax(weights);
  const from = `${percent(weights[most])} from “${sight.labels[most]}”`;
  if (isOut) return `Left out, it adds nothing, and the guess is ${guessNow(sight)}. Head ${head + 1} would take ${from}.`;
  const { guess, rival } = rivalsOf(sight);
  const { by } = ledger.heads[head];
  const [value, id] = Math.abs(by[0]) > Math.abs(by[1]) ? [by[0], guess] : [by[1], rival];
  const does = (/** @type {string} */ what) => `${value > 0 ? "raises" : "lowers"} ${what} by ${format(Math.abs(value), 1)}`;
  const name = written(sight.course, id);
  if (isLeftOut(sight, part)) return `Without head ${head + 1}, which ${does(`“${name}”`)}, the guess is ${guessNow(sight)}.`;
  const takes = `Head ${head + 1} (blue above) takes ${from}`;
  if (isUntold(sight, part[0])) return `${takes}. What is the guess without this head?`;
  const other = guessOtherwise(sight, part);
  return `${takes} and ${does(name === sight.labels[most] ? "its score" : `“${name}”`)}. Without it: ${other.isOther ? "" : "still "}${inWords(sight, other.id, other.share)}.`;
}

/**
 * @param {Sight} sight
 * @param {number} layer
 * @param {boolean} isOut  The whole attention of the layer is left out: its heads write nothing, and none can be left out.
 * @param {Ledger} ledger
 * @param {PartActions} actions
 */
export function headTable(sight, layer, isOut, ledger, { chooseHead, toggle }) {
  const chosen = headOf(sight, layer);
  const { before, norm, heads, feedForward, after } = ledger;
  const rivals = rivalsOf(sight);
  const running = heads.reduce((sums, { by, isOut }) => [...sums, isOut ? sums[sums.length - 1] : plus(sums[sums.length - 1], by)], [plus(before, norm)]);
  const lanes = lanesOf(rivals, [NOTHING, before, after, ...running, ...heads.map(({ by }, i) => plus(running[i], by))]);
  const rows = heads.map(({ by, isOut: isHeadOut }, head) => {
    const part = [headName(layer, head)];
    const choose = element("button", { type: "button", "aria-label": `head ${head + 1}`, "aria-pressed": String(head === chosen), onclick: () => chooseHead(head) }, String(head + 1));
    const otherwise = isOut ? "left out" : switchOf(sight, part, () => {
      chooseHead(head);
      toggle(part);
    }, switchName(sight, part));
    const weights = sight.trace.layers[layer].weights[sight.position][head];
    return tableRow(choose, [taken(sight, weights), ...lanes(running[head], by, signed), otherwise], look(isHeadOut, head === chosen));
  });
  const total = (/** @type {string} */ name, /** @type {Scores} */ from, /** @type {Scores} */ by, /** @type {typeof signed} */ inWords, title = "") =>
    element("tr", { class: "llm-total", title }, element("th", { scope: "row", colspan: 2 }, name), ...lanes(from, by, inWords).map((lane) => element("td", {}, lane)), element("td"));
  const caption = `What heads do for “${token(sight)}” (tokens above: head ${chosen + 1})`;
  const columns = ["head", "most from", ...[rivals.guess, rivals.rival].map((id) => written(sight.course, id)), sight.out.length && !isOut ? "also without" : "without head"];
  return captionedTable(
    caption,
    columns,
    [
      total(`before layer ${layer + 1}`, NOTHING, before, format),
      total("norm (longer row)", before, norm, signed, "The layer makes the row longer, so the last norm divides by more what stood in it before"),
      ...rows,
      total(`feed-forward ${layer + 1}`, running[heads.length], feedForward, signed),
      total(`after layer ${layer + 1}`, NOTHING, after, format),
    ],
    "llm-heat llm-heads",
  );
}

/**
 * @param {Scores} one
 * @param {Scores} other
 * @returns {Scores}
 */
function plus(one, other) {
  return [one[0] + other[0], one[1] + other[1]];
}

/**
 * How a step of each of the two scores is drawn: as a bar from where it stood, with its number.
 * @param {Rivals} rivals
 * @param {Scores[]} all  Where they stand at any time.
 */
function lanesOf({ guess, rival }, all) {
  const [least, most] = [Math.min(...all.flat()), Math.max(...all.flat())];
  const at = (/** @type {number} */ score) => (score - least) / (most - least);
  /**
   * @param {Scores} from
   * @param {Scores} by
   * @param {(score: number, digits: number) => string} inWords
   */
  return (from, by, inWords) =>
    [guess, rival].map((id, i) => {
      const ends = [at(from[i]), at(from[i] + by[i])].sort((one, other) => one - other);
      return element("span", { class: `llm-lane ${lookOf({ guess, rival, others: [] }, id)}${by[i] < 0 ? " llm-lowers" : ""}`, style: `--left: ${ends[0].toFixed(4)}; --width: ${(ends[1] - ends[0]).toFixed(4)}; --zero: ${at(0).toFixed(4)}` }, inWords(by[i], 1));
    });
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
 * The token that a head takes most from, and the share; all of them where one points.
 * @param {Sight} sight
 * @param {number[]} weights
 */
function taken({ labels }, weights) {
  const most = argmax(weights);
  const named = weights.map((weight, i) => `${labels[i]} ${format(weight)}`);
  return element("span", { class: "llm-most", title: named.join(", ") }, element("span", {}, labels[most]), element("span", {}, `${Math.round(100 * weights[most])}\u00a0%`));
}
