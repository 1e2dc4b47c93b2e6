/** The heads of a layer, a line each: what a head takes most from, what it adds to the scores, and the guess without it. */

import { element } from "../ui/dom.ts";
import { addedByHead, lanesOf, NOTHING, withHead, type Scores } from "./head_scores.ts";
import { guessNow, guessOtherwise, inWords, switchOf, written } from "./guesses.ts";
import { argmax, format, signed } from "../models/numbers.ts";
import { rivalsOf } from "./rivals.ts";
import { headName, headOf, isLeftOut, isUntold, sinceInWords, token, type Sight } from "./sight.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import { percent } from "../ui/token_bars.ts";
import type { PartActions } from "./decoder_parts.ts";

/**
 * What the head that is looked at takes, what it writes, and what it is good for.
 * @param isOut  The whole attention of the layer is left out.
 * @param added  What its heads add to the scores.
 */
export function headInWords(sight: Sight, layer: number, isOut: boolean, added: Scores[]) {
  const head = headOf(sight, layer);
  const part = [headName(layer, head)];
  const weights = sight.trace.layers[layer].weights[sight.position][head];
  const most = argmax(weights);
  const from = `${percent(weights[most])} from “${sight.labels[most]}”`;
  if (isOut) return `Left out, it adds nothing, and the guess is ${inWords(sight, guessNow(sight))}. Head ${head + 1} would take ${from}.`;
  if (isLeftOut(sight, part)) return scoresInstead(sight, layer, head);
  const other = guessOtherwise(sight, part);
  const takes = `Head ${head + 1} (blue above) takes ${from}`;
  if (isUntold(sight, part[0])) return `${takes}. What is the guess without this head?`;
  return `${takes} and ${largestMove(sight, added[head], sight.labels[most])}. Without it: ${other.isOther ? "" : "still "}${inWords(sight, other)}.`;
}

/**
 * What a head does to the one of the two scores that are compared which it moves most, in words.
 * @param named  The token that has just been named.
 */
function largestMove(sight: Sight, added: Scores, named: string) {
  const { guess, rival } = rivalsOf(sight);
  const [id, by] = Math.abs(added[1]) > Math.abs(added[0]) ? [rival, added[1]] : [guess, added[0]];
  const name = written(sight.course, id);
  return `${by > 0 ? "raises" : "lowers"} ${name === named ? "its score" : `“${name}”`} by ${format(Math.abs(by), 1)}`;
}

/** What a head that is left out would add to the two scores that are compared: in its layer, and after all of them. */
function scoresInstead(sight: Sight, layer: number, head: number) {
  const { course, position, trace, since } = sight;
  if (position < since) return `Head ${head + 1} is left out${sinceInWords(sight)}, not yet here.`;
  const { guess, rival } = rivalsOf(sight);
  const scores = addedByHead(sight, layer, head);
  const withIt = withHead(sight, layer, head);
  const adds = [guess, rival].map((id) => `${signed(scores[id], 1)} to “${written(course, id)}”`);
  const ends = [guess, rival].map((id) => signed(withIt.logits[position][id] - trace.logits[position][id], 1));
  return `Here head ${head + 1} would add ${adds.join(", ")}; after all layers, ${ends.join(" and ")}.`;
}

/**
 * @param isOut  The whole attention of the layer is left out: its heads write nothing, and none can be left out.
 * @param added  What its heads add to the scores.
 */
export function headTable(sight: Sight, layer: number, isOut: boolean, added: Scores[], actions: PartActions) {
  const rivals = rivalsOf(sight);
  const lanes = lanesOf(rivals, [NOTHING, ...added]);
  const rows = added.map((by, head) => headRow(sight, layer, head, isOut, lanes(NOTHING, isOut ? NOTHING : by, signed), actions));
  const caption = `What heads do for “${token(sight)}” (tokens above: head ${headOf(sight, layer) + 1})`;
  const compared = [rivals.guess, rivals.rival].map((id) => `for ${written(sight.course, id)}`);
  const columns = ["head", "looks most at", ...compared, sight.out.length && !isOut ? "also without" : "guess without it"];
  return captionedTable(caption, columns, rows, "llm-heat llm-heads");
}

/** @param isOut  The whole attention of the layer is left out. */
function headRow(
  sight: Sight,
  layer: number,
  head: number,
  isOut: boolean,
  lanes: HTMLElement[],
  { chooseHead, seeCarried, toggle }: PartActions,
) {
  const part = [headName(layer, head)];
  const isChosen = head === headOf(sight, layer);
  const choose = element("button", { type: "button", "aria-label": `head ${head + 1}`, "aria-pressed": String(isChosen), onclick: () => chooseHead(head) }, String(head + 1));
  const leaveOut = () => {
    chooseHead(head);
    toggle(part);
  };
  const otherwise = isOut ? "left out" : switchOf(sight, part, leaveOut, switchName(sight, part));
  const weights = sight.trace.layers[layer].weights[sight.position][head];
  const isAsked = isUntold(sight, part[0]);
  const adds = isAsked ? lanes.map(() => untold(leaveOut)) : lanes;
  const most = taken(sight, weights);
  const opens = isAsked ? most : element("button", { type: "button", class: "llm-opens", "aria-label": `${most.textContent}: what head ${head + 1} takes from each token`, onclick: () => seeCarried(head, true) }, most);
  return tableRow(choose, [opens, ...adds, otherwise], look(isOut || isLeftOut(sight, part), isChosen));
}

/** What stands in place of a number that would tell what a reader is to guess. To press it is to leave the head out, too. */
function untold(leaveOut: () => void) {
  return element("span", { class: "llm-lane-untold", onclick: leaveOut, title: "Leave the head out to see" }, "?");
}

/** What stands on a head's switch in place of the guess: that which it would bring back is said in words. */
function switchName(sight: Sight, part: string[]) {
  if (isLeftOut(sight, part)) return "put back";
  return isUntold(sight, part[0]) ? "leave out" : "";
}

/** The class of a head's line. */
function look(isOut: boolean, isChosen: boolean) {
  return [...(isOut ? ["llm-out"] : []), ...(isChosen ? ["llm-looked-at"] : [])].join(" ");
}

/** The token that a head takes most from, and the share; all of them where one points. */
function taken({ labels }: Sight, weights: number[]) {
  const most = argmax(weights);
  const named = weights.map((weight, i) => `${labels[i]} ${format(weight)}`);
  return element("span", { class: "llm-most", title: named.join(", ") }, element("span", {}, labels[most]), element("span", {}, `${Math.round(100 * weights[most])}\u00a0%`));
}
