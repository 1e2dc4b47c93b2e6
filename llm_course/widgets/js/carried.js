/** What a head carries to a token, a line for each token that it takes from: its message, and the share that is taken of it. */

import { button, element } from "./dom.js";
import { lanesOf } from "./lanes.js";
import { addedByHead, carriedByHead, NOTHING, plus } from "./ledger.js";
import { written } from "./lens_table.js";
import { signed } from "./numbers.js";
import { lookOf, rivalsOf } from "./rivals.js";
import { headName, headOf, isUntold } from "./sight.js";
import { captionedTable, tableRow } from "./table.js";
import { wholePercent } from "./token_bars.js";

/** @import { PartActions } from "./decoder_parts.js" */
/** @import { Scores } from "./ledger.js" */
/** @import { Sight } from "./sight.js" */

/** Tokens with a line of their own. */
const MOST = 7;

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} share
 * @property {Node | string} message  The score that it moves most, and by how much at a share of one.
 * @property {Scores} from  Where its bars start: where those above it ended.
 * @property {Scores} by
 *
 * @param {Sight} sight
 * @param {number} layer
 * @param {PartActions} actions
 */
export function carriedTable(sight, layer, { seeCarried }) {
  const head = headOf(sight, layer);
  const rivals = rivalsOf(sight);
  const lines = linesOf(sight, layer, head);
  const lanes = lanesOf(rivals, [NOTHING, ...lines.flatMap(({ from, by }) => [from, plus(from, by)])]);
  const isAsked = isUntold(sight, headName(layer, head));
  const rows = lines.map(({ name, share, message, from, by }) => tableRow(name, isAsked ? [share, "?", "?", "?"] : [share, message, ...lanes(from, by, signed)]));
  const compared = [rivals.guess, rivals.rival].map((id) => `for ${written(sight.course, id)}`);
  const back = button("‹ All heads", () => seeCarried(head, false));
  const caption = `Head ${head + 1} adds share × message`;
  return [
    element("p", { class: "llm-carried" }, element("b", {}, caption), back),
    captionedTable(`${caption}, from each token`, ["from", "share", "message", ...compared], rows, "llm-heat llm-messages"),
  ];
}

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
  if (left > 0) lines.push({ name: left === 1 ? "1 other" : `${left} others`, share: wholePercent(1 - taken), message: "", from: stand, by: plus(all, [-stand[0], -stand[1]]) });
  return [...lines, { name: "in all", share: "", message: "", from: NOTHING, by: all }];
}

/**
 * @param {Sight} sight
 * @param {Float32Array} message
 */
function inWords(sight, message) {
  const strongest = message.reduce((most, by, id) => (Math.abs(by) > Math.abs(message[most]) ? id : most), 0);
  const mark = element("i", { class: `llm-of-outcome ${lookOf(rivalsOf(sight), strongest)}` });
  return element("span", {}, mark, `${written(sight.course, strongest)} ${signed(message[strongest], 1)}`);
}
