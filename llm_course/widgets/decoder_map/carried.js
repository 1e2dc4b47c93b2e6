/** What a head carries to a token, a line for each token that it takes from: its message, and the share that is taken of it. */

import { button, element } from "../ui/dom.js";
import { lanesOf } from "./lanes.js";
import { addedByHead, messageFrom, NOTHING, plus } from "./head_scores.js";
import { written } from "./guesses.js";
import { argmax, signed } from "../models/numbers.js";
import { colorMark, lookOf, rivalsOf } from "./rivals.js";
import { headName, headOf, isUntold, silencers, traceWithout } from "./sight.js";
import { captionedTable, tableRow } from "../ui/table.js";
import { wholePercent } from "../ui/token_bars.js";

/** @import { PartActions } from "./decoder_parts.js" */
/** @import { Scores } from "./head_scores.js" */
/** @import { Sight } from "./sight.js" */

/** Tokens with a line of their own. */
const MOST = 7;
/** A message that moves no score by more is not named: what it would move most is chance. */
const WEAK = 4;

/**
 * @param {Sight} sight
 * @param {number} layer
 * @param {PartActions} actions
 */
export function carriedTable(sight, layer, { seeCarried }) {
  const head = headOf(sight, layer);
  const isAsked = isUntold(sight, headName(layer, head));
  const isTwice = !isAsked && sight.out.some((part) => !silencers(layer, head).includes(part));
  const caption = isTwice ? `Head ${head + 1}: now, and before (pale)` : `Head ${head + 1} adds share × message`;
  const back = button("‹ All heads", () => seeCarried(head, false));
  return [
    element("p", { class: "llm-carried" }, element("b", {}, caption), back),
    isTwice ? beforeAndAfter(sight, layer, head, caption) : products(sight, layer, head, isAsked, caption),
  ];
}

/**
 * What the head takes from each token and what that adds to the two scores that are compared.
 * @param {Sight} sight
 * @param {number} layer
 * @param {number} head
 * @param {boolean} isAsked  A reader is still to guess what becomes of the guess without the head.
 * @param {string} caption
 */
function products(sight, layer, head, isAsked, caption) {
  const rivals = rivalsOf(sight);
  const lines = linesOf(sight, layer, head);
  const lanes = lanesOf(rivals, [NOTHING, ...lines.flatMap(({ from, by }) => [from, plus(from, by)])]);
  const rows = lines.map(({ name, share, message, from, by }) => tableRow(name, isAsked ? [share, "?", "?", "?"] : [share, message, ...lanes(from, by, signed)]));
  const compared = [rivals.guess, rivals.rival].map((id) => written(sight.course, id));
  return captionedTable(`${caption}, from each token`, ["from", "share", "message", ...compared], rows, "llm-heat llm-messages");
}

/**
 * What the head takes from each token without the parts that are left out, and with all parts.
 * @param {Sight} sight
 * @param {number} layer
 * @param {number} head
 * @param {string} caption
 */
function beforeAndAfter(sight, layer, head, caption) {
  const both = [sight, { ...sight, out: [], trace: traceWithout(sight, []) }];
  const shares = both.map((each) => sharesOf(each, layer, head));
  const places = largest(shares[0].map((share, from) => Math.max(share, shares[1][from])));
  const rows = places.map((from) => {
    const cells = both.flatMap((each, i) => [wholePercent(shares[i][from]), messageInWords(sight, messageFrom(each, layer, head, from))]);
    return tableRow(sight.labels[from], cells);
  });
  return captionedTable(`${caption}, from each token`, ["from", "share", "message", "share", "message"], rows, "llm-heat llm-messages llm-twice");
}

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} share
 * @property {Node | string} message  The score that it moves most, and by how much at a share of one.
 * @property {Scores} from  Where its bars start: where those above it ended.
 * @property {Scores} by
 */

/**
 * The tokens that the head takes most from, as they stand in the text; all others together, and the sum.
 * @param {Sight} sight
 * @param {number} layer
 * @param {number} head
 * @returns {Line[]}
 */
function linesOf(sight, layer, head) {
  const { guess, rival } = rivalsOf(sight);
  const shares = sharesOf(sight, layer, head);
  const places = largest(shares);
  const scores = addedByHead(sight, layer, head);
  const all = /** @type {Scores} */ ([scores[guess], scores[rival]]);
  /** @type {Line[]} */
  const lines = [];
  let [stand, taken] = [NOTHING, 0];
  for (const from of places) {
    const message = messageFrom(sight, layer, head, from);
    const by = /** @type {Scores} */ ([shares[from] * message[guess], shares[from] * message[rival]]);
    lines.push({ name: sight.labels[from], share: wholePercent(shares[from]), message: messageInWords(sight, message), from: stand, by });
    [stand, taken] = [plus(stand, by), taken + shares[from]];
  }
  const left = shares.length - places.length;
  if (left > 0) lines.push({ name: `${left} more`, share: wholePercent(1 - taken), message: "", from: stand, by: plus(all, [-stand[0], -stand[1]]) });
  return [...lines, { name: "in all", share: "", message: "", from: NOTHING, by: all }];
}

/**
 * The share that the head takes from each token.
 * @param {Sight} sight
 * @param {number} layer
 * @param {number} head
 */
function sharesOf({ trace, position }, layer, head) {
  return trace.layers[layer].weights[position][head];
}

/**
 * Where the largest shares are, as they stand in the text.
 * @param {number[]} shares
 */
function largest(shares) {
  const places = shares.map((_, from) => from).sort((one, other) => shares[other] - shares[one]);
  return places.slice(0, MOST).sort((one, other) => one - other);
}

/**
 * @param {Sight} sight
 * @param {Float32Array} message
 */
function messageInWords(sight, message) {
  const strongest = argmax(message.map(Math.abs));
  const words = `${written(sight.course, strongest)} ${signed(message[strongest], 1)}`;
  if (Math.abs(message[strongest]) < WEAK) return element("span", { class: "llm-note", title: words }, "weak");
  return element("span", {}, colorMark(lookOf(rivalsOf(sight), strongest)), words);
}
