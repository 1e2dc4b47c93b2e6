/** What a head carries to a token, a line for each token that it takes from: its message, and the share that is taken of it. */

import { button, element } from "./dom.js";
import { lanesOf } from "./lanes.js";
import { addedByHead, carriedByHead, NOTHING, plus } from "./ledger.js";
import { written } from "./lens_table.js";
import { signed } from "./numbers.js";
import { lookOf, rivalsOf } from "./rivals.js";
import { headName, headOf, isUntold, traceWithout } from "./sight.js";
import { captionedTable, tableRow } from "./table.js";
import { wholePercent } from "./token_bars.js";

/** @import { PartActions } from "./decoder_parts.js" */
/** @import { Carried, Scores } from "./ledger.js" */
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
  const own = [headName(layer, head), `attention-${layer + 1}`];
  const isAsked = isUntold(sight, own[0]);
  const isChanged = sight.out.some((part) => !own.includes(part));
  const back = button("‹ All heads", () => seeCarried(head, false));
  const caption = isChanged ? `Head ${head + 1}: now, and before (pale)` : `Head ${head + 1} adds share × message`;
  return [
    element("p", { class: "llm-carried" }, element("b", {}, caption), back),
    isChanged && !isAsked ? beforeAndAfter(sight, layer, head, caption) : products(sight, layer, head, isAsked, caption),
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
  const whole = { ...sight, out: [], trace: traceWithout(sight, []) };
  const [now, before] = [sight, whole].map((each) => new Map(carriedByHead(each, layer, head, sight.ids.length).map((one) => [one.from, one])));
  const largest = (/** @type {number} */ from) => Math.max(...[now, before].map((each) => /** @type {Carried} */ (each.get(from)).share));
  const places = [...now.keys()].sort((one, other) => largest(other) - largest(one)).slice(0, MOST).sort((one, other) => one - other);
  const rows = places.map((from) => {
    const cells = [now, before].map((each) => /** @type {Carried} */ (each.get(from))).flatMap(({ share, message }) => [wholePercent(share), inWords(sight, message)]);
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
  const { labels, position } = sight;
  const { guess, rival } = rivalsOf(sight);
  const carried = carriedByHead(sight, layer, head, MOST).sort((one, other) => one.from - other.from);
  const { scores } = addedByHead(sight, layer, head);
  const all = /** @type {Scores} */ ([scores[guess], scores[rival]]);
  /** @type {Line[]} */
  const lines = [];
  let [stand, taken] = [NOTHING, 0];
  for (const { from, share, message } of carried) {
    const by = /** @type {Scores} */ ([share * message[guess], share * message[rival]]);
    lines.push({ name: labels[from], share: wholePercent(share), message: inWords(sight, message), from: stand, by });
    [stand, taken] = [plus(stand, by), taken + share];
  }
  const left = position + 1 - carried.length;
  if (left > 0) lines.push({ name: `${left} more`, share: wholePercent(1 - taken), message: "", from: stand, by: plus(all, [-stand[0], -stand[1]]) });
  return [...lines, { name: "in all", share: "", message: "", from: NOTHING, by: all }];
}

/**
 * @param {Sight} sight
 * @param {Float32Array} message
 */
function inWords(sight, message) {
  const strongest = message.reduce((most, by, id) => (Math.abs(by) > Math.abs(message[most]) ? id : most), 0);
  const words = `${written(sight.course, strongest)} ${signed(message[strongest], 1)}`;
  if (Math.abs(message[strongest]) < WEAK) return element("span", { class: "llm-note", title: words }, "weak");
  const mark = element("i", { class: `llm-of-outcome ${lookOf(rivalsOf(sight), strongest)}` });
  return element("span", {}, mark, words);
}
